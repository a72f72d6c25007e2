//! The connections of a run: each is opened once, and told at once what will be read from it.

use super::connection::open_connection;
use super::rows;
use crate::connector::{Object, System};
use crate::diagnostic::Diagnostic;
use crate::graph::{Connection, LoadNode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The systems that the loads of a run read from. They share what each has found out.
#[derive(Default)]
pub struct Connections {
    foreseen: HashMap<String, Vec<Object>>,
    /// Whether only columns will be asked for.
    only_columns: bool,
    open: Mutex<HashMap<String, Arc<System>>>,
}

impl Connections {
    /// Those of a run that carries out `loads`; nothing is opened yet.
    pub fn new<'l>(loads: impl Iterator<Item = &'l LoadNode>) -> Self {
        let mut foreseen: HashMap<String, Vec<Object>> = HashMap::new();
        for load in loads {
            if let Some(connection) = &load.connection {
                foreseen.entry(connection.name.clone()).or_default().push(rows::object(load));
            }
        }
        Self { foreseen, only_columns: false, open: Mutex::default() }
    }

    /// Those by which the columns of what `loads` read are asked for, and no rows.
    pub fn observing<'l>(loads: impl Iterator<Item = &'l LoadNode>) -> Self {
        Self { only_columns: true, ..Self::new(loads) }
    }

    /// The system that `connection` means.
    ///
    /// # Errors
    /// As those of [`open_connection`]; the next who asks tries again.
    pub fn open(&self, connection: &Connection) -> Result<Arc<System>, Vec<Diagnostic>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(system) = open.get(&connection.name) {
            return Ok(system.clone());
        }
        let system = Arc::new(open_connection(connection)?);
        if let (System::Tables(connector), Some(objects)) =
            (&*system, self.foreseen.get(&connection.name))
        {
            if self.only_columns {
                connector.foresee_columns(objects);
            } else {
                connector.foresee(objects);
            }
        }
        open.insert(connection.name.clone(), system.clone());
        Ok(system)
    }
}
