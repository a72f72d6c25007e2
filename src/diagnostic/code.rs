//! The stable codes of all problems, and the page that explains each.

use std::fmt;

/// A stable code such as `SF101`.
///
/// The first digit tells where to look: 1 files and YAML, 2 Jinja and references, 3 loads and data,
/// 4 schema and check, 5 tests and runs, 6 connections, 9 the surroundings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        impl Code {
            $($(#[doc = $doc])+ pub const $name: Self = Self($code);)+

            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The page about this code, in Markdown.
            pub fn page(self) -> &'static str {
                match self.0 {
                    $($code => include_str!(concat!("../../docs/errors/", $code, ".md")),)+
                    _ => "",
                }
            }
        }
    };
}

codes! {
    /// YAML that cannot be parsed.
    YAML_SYNTAX = "SF101";
    /// One key twice in a mapping.
    DUPLICATE_KEY = "SF102";
    /// YAML that grows past the limits when its aliases are followed.
    YAML_LIMIT = "SF103";
    /// A key that means nothing here.
    UNKNOWN_KEY = "SF104";
    /// A value of the wrong kind.
    INVALID_VALUE = "SF105";
    /// A key that must be there and is not.
    MISSING_KEY = "SF106";
    /// A directory that holds no project.
    NO_PROJECT = "SF107";
    /// A profile that profiles.yml does not have.
    UNKNOWN_PROFILE = "SF108";
    /// A target that the profile does not have.
    UNKNOWN_TARGET = "SF109";
    /// A connection that the profile does not have.
    UNKNOWN_CONNECTION = "SF110";
    /// A file of the project that cannot be read as text.
    UNREADABLE_FILE = "SF111";
    /// No profiles.yml anywhere.
    NO_PROFILES = "SF112";
    /// Both project files in one directory.
    TWO_PROJECT_FILES = "SF113";
    /// Properties of something that does not exist.
    ORPHANED_PROPERTIES = "SF114";
    /// Two things of one name.
    DUPLICATE_NAME = "SF115";
    /// Two nodes that land on one relation.
    SAME_RELATION = "SF116";
    /// Something that this version does not do.
    NOT_SUPPORTED = "SF117";
    /// A model that is not one query.
    NOT_ONE_QUERY = "SF118";
    /// Jinja that cannot be parsed.
    TEMPLATE_SYNTAX = "SF201";
    /// A name that a template uses and nobody defined.
    UNDEFINED_NAME = "SF202";
    /// An error that a template raised itself.
    TEMPLATE_RAISED = "SF203";
    /// A template that does not end.
    TEMPLATE_LIMIT = "SF204";
    /// An environment variable that is not set.
    MISSING_ENV_VAR = "SF205";
    /// A variable without value and default.
    MISSING_VAR = "SF206";
    /// A template that fails while it is rendered.
    TEMPLATE_FAILED = "SF207";
    /// A warning that a template gave itself.
    TEMPLATE_WARNED = "SF208";
    /// A reference to a model that does not exist.
    UNKNOWN_REF = "SF210";
    /// A reference that fits several models.
    AMBIGUOUS_REF = "SF211";
    /// A reference to a source that does not exist.
    UNKNOWN_SOURCE = "SF212";
    /// Nodes that depend on each other in a circle.
    CYCLE = "SF213";
    /// A reference to something disabled.
    DISABLED_REF = "SF214";
    /// A test of a kind that no macro defines.
    UNKNOWN_TEST = "SF215";
    /// A selection that cannot be read.
    SELECTION_SYNTAX = "SF220";
    /// A selection that selects nothing.
    EMPTY_SELECTION = "SF221";
    /// A template that asks the database while no connection is open.
    NEEDS_CONNECTION = "SF222";
    /// A source file that does not exist.
    SOURCE_MISSING = "SF301";
    /// A source file without any content.
    SOURCE_EMPTY = "SF302";
    /// A source file that cannot be opened.
    SOURCE_UNREADABLE = "SF303";
    /// A source file that is not what its format says.
    SOURCE_MALFORMED = "SF304";
    /// An empty batch over a table that has rows.
    EMPTY_OVER_ROWS = "SF305";
    /// A table that no sqlflow run made.
    FOREIGN_TABLE = "SF306";
    /// Something else of that name stands in the way.
    RELATION_IN_THE_WAY = "SF307";
    /// A relation that should have been built or loaded before.
    RELATION_MISSING = "SF308";
    /// A seed that is not a table.
    SEED_MALFORMED = "SF309";
    /// A batch that holds one key several times.
    DUPLICATE_KEYS = "SF310";
    /// A batch whose key holds NULL.
    NULL_KEY = "SF311";
    /// A batch with NULL in its cursor.
    NULL_CURSOR = "SF312";
    /// A load or snapshot that would delete too much.
    TOO_MANY_DELETES = "SF313";
    /// State that stands while its table is gone.
    STATE_WITHOUT_TABLE = "SF314";
    /// A load or snapshot that was another one when its state was recorded.
    LOAD_REDEFINED = "SF315";
    /// A file that was loaded before.
    FILE_CHANGED = "SF316";
    /// A batch that does not fit its table.
    BATCH_MISFIT = "SF317";
    /// An option that means nothing in its mode.
    OPTION_NOT_FOR_MODE = "SF318";
    /// An option that names a column that is not there, or is of no use.
    OPTION_COLUMN = "SF319";
    /// A table that keeps no versions of rows.
    NOT_VERSIONED = "SF320";
    /// Rows of which no versions can be kept, because they cannot be told apart.
    ROWS_NOT_APART = "SF321";
    /// A column that does not fit the table that keeps versions.
    VERSION_MISFIT = "SF322";
    /// A table of versions that `--full-refresh` leaves alone.
    REFRESH_IGNORED = "SF323";
    /// A table in which rows share a key.
    TARGET_DUPLICATES = "SF324";
    /// A source whose cursor went back.
    CURSOR_WENT_BACK = "SF325";
    /// A load that has nothing to read.
    NOTHING_NEW = "SF326";
    /// Rows that commit late may be missed.
    LATE_ROWS = "SF339";
    /// Something that a system does not have.
    CONNECTION_LACKS = "SF327";
    /// A value or type that cannot be carried from one system to another.
    NOT_CARRIED = "SF328";
    /// A path that an export cannot write to.
    EXPORT_PATH = "SF329";
    /// A folder with files that no export wrote.
    FOREIGN_FILES = "SF330";
    /// Two exports that write to one place.
    SAME_DESTINATION = "SF331";
    /// A source whose schema is no longer the accepted one.
    SCHEMA_DRIFT = "SF401";
    /// A schema snapshot that cannot be read.
    SNAPSHOT_UNREADABLE = "SF402";
    /// A schema snapshot that is missing where none may be written.
    SNAPSHOT_MISSING = "SF403";
    /// A drift that did not stop the load.
    DRIFT_PASSED = "SF404";
    /// A schema snapshot that a load wrote again, or might not write.
    SNAPSHOT_BEHIND = "SF405";
    /// A query that does not fit the columns of what it reads.
    DOES_NOT_BIND = "SF411";
    /// Something of which a check can say nothing.
    NOT_CHECKED = "SF412";
    /// A column that is not as the project declares it.
    NOT_AS_DECLARED = "SF413";
    /// A test that compares text with something else.
    TEXT_COMPARED = "SF414";
    /// Something that nothing reads.
    UNUSED = "SF415";
    /// A schema snapshot of a table that the project does not have.
    SNAPSHOT_LEFT_OVER = "SF420";
    /// A schema snapshot that a later version of sqlflow wrote.
    SNAPSHOT_LATER = "SF421";
    /// A test that found failures.
    TEST_FAILED = "SF501";
    /// SQL that the database refuses.
    SQL_FAILED = "SF502";
    /// A run that was cancelled.
    CANCELLED = "SF503";
    /// Rows that the database could not take.
    DATA_FAILED = "SF504";
    /// Something that the database said beside its answers.
    SQL_NOTICE = "SF505";
    /// A database that cannot be opened.
    CANNOT_OPEN = "SF601";
    /// A database that another process holds.
    DATABASE_HELD = "SF602";
    /// A system that cannot be reached, or whose connection broke.
    CONNECTION_FAILED = "SF603";
    /// Credentials that a system does not take.
    CONNECTION_REFUSED = "SF604";
    /// Something that a connection may not do.
    CONNECTION_FORBIDDEN = "SF605";
    /// A system that has no more of something.
    CONNECTION_EXHAUSTED = "SF606";
    /// A load or export that was tried again.
    TRIED_AGAIN = "SF607";
    /// A commit of which nobody knows whether it took place.
    OUTCOME_UNKNOWN = "SF608";
    /// Locks that were lost while a run needed them.
    LOCK_LOST = "SF609";
    /// A file of the machine that cannot be read or written.
    INPUT_OUTPUT = "SF901";
    /// A defect of sqlflow itself.
    INTERNAL = "SF902";
}

impl Code {
    /// The code as text: `SF101`.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The code named `text`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.0.eq_ignore_ascii_case(text.trim()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
