//! Sources that do not change are never called changed. `SQLFLOW_TEST_RELOADS` says how often each is
//! loaded again.

use super::matrix::{MODES, before};
use super::sources::{Shop, Source};

fn reloads() -> usize {
    std::env::var("SQLFLOW_TEST_RELOADS").map_or(3, |count| count.parse().unwrap())
}

#[test]
fn unchanged_sources_give_no_alert() {
    let sources = [
        Source::Csv,
        Source::Json,
        Source::Parquet,
        #[cfg(feature = "s3")]
        Source::S3Csv,
        #[cfg(feature = "s3")]
        Source::S3Parquet,
        #[cfg(feature = "postgres")]
        Source::Postgres,
    ];
    for source in sources {
        let tables = MODES.map(|(mode, load)| (mode.to_owned(), load.to_owned()));
        let shop = Shop::new(source, &tables);
        shop.write(tables.iter().map(|(name, _)| (name, before(source))));
        shop.project.run(["load"]).succeeds();
        let accepted = shop.project.files("schemas");
        for _ in 0..reloads() {
            // Written anew, so that nothing is taken for unchanged without a look.
            shop.write(tables.iter().map(|(name, _)| (name, before(source))));
            for policy in ["alert", "permissive", "ignore"] {
                shop.project.run(["load", "--on-drift", policy]).succeeds().stderr_lacks("SF40");
            }
            shop.project.run(["load", "--locked"]).succeeds().stderr_lacks("SF40");
        }
        assert_eq!(shop.project.files("schemas"), accepted, "{source:?}");
    }
}
