//! What sources are like now, without a load.

use super::matrix::{after, before};
use super::sources::{Shop, Source};
use sqlflow::graph::NodeIndex;
use sqlflow::load::{Observed, observe};
