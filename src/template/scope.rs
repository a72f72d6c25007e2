//! The names that a template sees, and what one rendering remembers.
//!
//! [`Scope`] is the root of the engine's context: it is asked for every name that is not local, also by macros of
//! other files, so that what belongs to one rendering need not be copied into the environment. A macro's free
//! names are looked up once, when it is loaded. As in dbt they mean what they mean to the node that is rendered.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Error, State};

use super::call::{MacroRef, Package};
use super::context;
use super::error::{Kind, fail};
use super::host::{Facts, Host};
use super::library::{MacroId, MacroLibrary};

/// What one rendering left behind besides its text.
#[derive(Default)]
pub(crate) struct Record {
    pub called: Mutex<BTreeSet<MacroId>>,
    pub execute_read: AtomicBool,
    pub undefined_printed: AtomicBool,
    pub nested: AtomicUsize,
    pub result: Mutex<Option<Value>>,
}

/// The root of the context of one rendering.
pub(crate) struct Scope {
    pub host: Arc<dyn Host>,
    pub facts: Arc<Facts>,
    pub library: Arc<MacroLibrary>,
    pub record: Record,
    /// The name of the template to render, or the macro to call with its arguments.
    pub main: Value,
    pub arguments: Vec<Value>,
    /// The names that the engine has for every template.
    pub globals: Arc<HashSet<String>>,
    /// The package of the template that is rendered: as in dbt, its names count in every macro it calls.
    node: usize,
    /// The package of the macro that is being loaded.
    package: AtomicUsize,
}

impl Scope {
    pub(crate) fn new(
        host: Arc<dyn Host>,
        library: Arc<MacroLibrary>,
        main: Value,
        arguments: Vec<Value>,
        globals: Arc<HashSet<String>>,
    ) -> Self {
        let node = library.scope_of(host.package());
        let package = AtomicUsize::new(node);
        let facts = Arc::clone(host.facts());
        Scope {
            host,
            facts,
            library,
            record: Record::default(),
            main,
            arguments,
            globals,
            node,
            package,
        }
    }

    /// Loads a macro of this package until the former package is restored.
    pub(crate) fn enter(&self, package: usize) -> usize {
        self.package.swap(package, Ordering::Relaxed)
    }

    /// The package whose names are in force.
    pub(crate) fn package(&self) -> usize {
        self.node
    }

    /// A macro of the package that is being loaded, which dbt would find by its full name only.
    fn sibling(&self, key: &str) -> Option<MacroId> {
        let package = self.package.load(Ordering::Relaxed);
        let id = self.library.visible(package).get(key).filter(|_| package != self.node)?;
        (!self.globals.contains(key)).then_some(*id)
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if let Some(id) = self.library.visible(self.package()).get(key) {
            return Some(MacroRef::value(&self.library, *id));
        }
        match key {
            "__main" => Some(self.main.clone()),
            "__scope" => Some(Value::from_dyn_object(Arc::clone(self))),
            "__undefined" => None,
            "execute" => {
                self.record.execute_read.store(true, Ordering::Relaxed);
                Some(Value::from(self.host.execute()))
            }
            _ => context::per_render(self, key)
                .or_else(|| Package::value(&self.library, key))
                .or_else(|| self.sibling(key).map(|id| MacroRef::value(&self.library, id))),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<context>")
    }
}

/// What the functions of one rendering share, kept in the engine's state.
pub(crate) struct Session {
    pub scope: Arc<Scope>,
    /// The macro of the boot template that loads another into this state.
    pub loader: Value,
    pub loaded: HashMap<MacroId, Value>,
    pub kept: Option<Value>,
    pub results: HashMap<String, Value>,
}

/// The scope of the running rendering.
pub(crate) fn scope(state: &State) -> Result<Arc<Scope>, Error> {
    let session = state.get_extension::<Session>();
    session
        .map(|session| Arc::clone(&session.scope))
        .ok_or_else(|| fail(Kind::Value, "this is not available here"))
}

/// The host of the running rendering.
pub(crate) fn host(state: &State) -> Result<Arc<dyn Host>, Error> {
    scope(state).map(|scope| Arc::clone(&scope.host))
}

/// `__boot(loader)`: the first thing that every rendering does.
pub(crate) fn boot(state: &mut State, loader: Value) -> Result<(), Error> {
    let scope = state.lookup("__scope").and_then(|scope| scope.downcast_object::<Scope>());
    let scope = scope.ok_or_else(|| fail(Kind::Value, "there is no context"))?;
    let (loaded, results) = (HashMap::new(), HashMap::new());
    state.get_or_insert_extension(Session { scope, loader, loaded, kept: None, results });
    Ok(())
}

/// `__keep(macro)`: the last thing that the template of a macro does.
pub(crate) fn keep(state: &mut State, value: Value) {
    if let Some(session) = state.get_extension_mut::<Session>() {
        session.kept = Some(value);
    }
}

/// `__run()`: calls the macro that the rendering is about.
pub(crate) fn run(state: &mut State) -> Result<(), Error> {
    let scope = scope(state)?;
    let value = scope.main.call(state, &scope.arguments)?;
    give(state, value)
}

/// `__give(value)`: makes a value the result of the rendering.
pub(crate) fn give(state: &mut State, value: Value) -> Result<(), Error> {
    let scope = scope(state)?;
    *scope.record.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    Ok(())
}
