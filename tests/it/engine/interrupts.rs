//! What runs is stopped by another thread, and the session works afterwards.

use super::rows::Endless;
use super::{Subject, VIEW, one, subjects};
use serde_json::json;
use sqlflow::engine::{EngineError, ErrorKind, Session};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What `work` ends with while another thread stops it again and again.
fn stopped(
    session: &mut dyn Session,
    work: impl FnOnce(&mut dyn Session) -> Option<EngineError>,
) -> EngineError {
    let stop = session.interrupt();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
                stop.interrupt();
            }
        });
        let error = work(session);
        is_done.store(true, Ordering::SeqCst);
        error.expect("it was not stopped")
    })
}

#[track_caller]
fn check(subject: &Subject, session: &mut dyn Session, error: &EngineError) {
    let told = (error.kind, error.message.as_str());
    assert_eq!(told, (ErrorKind::Interrupted, "Interrupted"), "{}", subject.name());
    assert_eq!(one(session, "select count(*) from t"), json!(0), "{}", subject.name());
    assert_eq!(subject.kind("made"), None);
}

#[test]
fn whatever_runs_is_stopped() {
    for subject in subjects() {
        let mut session = subject.session();
        let session = &mut *session;
        session.execute("create table t (i integer)").unwrap();
        let slow = subject.slow;
        let make = format!("create table made as {slow}");
        let error = stopped(session, |session| session.execute(&make).err());
        check(&subject, session, &error);
        let error = stopped(session, |session| session.query(slow, Some(1)).err());
        check(&subject, session, &error);
        let error = stopped(session, |session| session.stream(slow, &mut |_| true).err());
        check(&subject, session, &error);
        let statements = ["insert into t values (1)", &make, "insert into t values (2)"];
        let mut index = 0;
        let error = stopped(session, |session| {
            let (failed, error) = session.apply(&statements).err()?;
            index = failed;
            Some(error)
        });
        check(&subject, session, &error);
        // It may be stopped before it comes to the slow one.
        assert!(index < 2, "{index}");
        let taking = subject.taking("t");
        let error = stopped(session, |session| {
            session.ingest(&taking, VIEW, Box::new(Endless::new())).err()
        });
        check(&subject, session, &error);
        session.apply(&["insert into t values (1)"]).unwrap();
        assert_eq!(one(session, "select count(*) from t"), json!(1));
    }
}

#[test]
fn an_interrupt_between_requests_counts_for_none() {
    for subject in subjects() {
        let mut session = subject.session();
        let stop = session.interrupt();
        stop.interrupt();
        session.execute("create table before as select 1 as i").unwrap();
        assert_eq!(one(&mut *session, "select count(*) from before"), json!(1));
        drop(session);
        stop.interrupt();
    }
}
