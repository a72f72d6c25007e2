//! Loads: extract → stage → check → publish → record.
//!
//! | file | answers |
//! | --- | --- |
//! | `connection` | which systems sources are read from |
//! | `connections` | opening each of them once in a run |
//! | `file` | which files a source means, and the query that reads them |
//! | `accepted` | which schema was accepted before, and what is accepted now |
//! | `observe` | what sources are like now, without a load |
//! | `drift` | how a source has drifted, and what is said of it |
//! | `ruling` | what the load does about it |
//! | `foreseen` | the script of a load before its source is looked into |
//! | `table` | the steps of a load, in order |
//! | `obstacle` | why a load cannot begin |
//! | `manifest` | which files are read, where each is read once |
//! | `facts` | what the script is made of, once the source was looked into |
//! | `publish` | from a filled stage to the commit |
//! | `rows` | rows of other systems on their way into the stage |
//! | `again` | when a load starts again, because its source broke |
//! | `versions` | how versions of rows are kept |
//! | `fit` | whether the batch fits the table that it is applied to |
//! | `known` | which columns are known of sources and seeds |
//! | `verdict` | what the checks found, and whether the load goes on |
//! | `schemas` | accepted schemas beside those that sources have, without loading |
//!
//! Whatever happens before the publishing transaction leaves the table and its state as they were;
//! the transaction changes both or none.

mod accepted;
mod again;
mod connection;
mod connections;
mod drift;
mod facts;
mod file;
mod fit;
mod foreseen;
mod known;
mod manifest;
mod observe;
mod obstacle;
mod publish;
mod rows;
mod ruling;
pub mod schemas;
mod table;
mod verdict;
mod versions;

pub use connection::{
    check_connection, check_connections, open_connection, problem as connector_problem,
    read_parameters,
};
pub use connections::Connections;
pub use drift::{Sign, SourceColumns, SourceDrift, problem as drift_problem};
pub use file::{check_options, scan_files};
pub use foreseen::foreseen_script;
pub use known::{known_columns, seed_load};
pub use observe::{Observed, observe};
pub use table::{LoadRequest, Loaded, Writer, load_table};
