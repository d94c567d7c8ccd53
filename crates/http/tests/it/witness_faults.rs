//! What a witness does when its disk fails, its record is damaged, or a ledger has two histories;
//! and what the way to a witness says when nobody answers.

use crate::witness::{Home, Log};
use app::witness::Said;
use base::{Problem, labels};
use ledger::witness::{Request, WitnessRefusal};
use ports::Publication;
use sekisho_http::WitnessClient;
use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::PublicationDirectory;

fn home() -> (Log, Log, Home) {
    let logs = [0, 1].map(|history| Log::new("log.example", 1, history));
    let home = Home::new("w", std::slice::from_ref(&logs[0].key));
    let [log, fork] = logs;
    (log, fork, home)
}

fn cosigned(said: &Result<Said, Problem>) -> bool {
    matches!(said, Ok(Said::Cosigned(_)))
}

/// A record whose disk is full until it is not.
struct Full(PublicationDirectory, AtomicBool);

impl Publication for Full {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.0.read(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Problem> {
        if self.1.load(Ordering::SeqCst) {
            return Err(Problem::new(&labels::STORE_FULL, ""));
        }
        self.0.write(path, bytes)
    }
}

#[test]
fn what_is_not_durable_is_not_cosigned() {
    let (log, fork, home) = home();
    let record = Arc::new(Full(home.record(), AtomicBool::new(true)));
    let witness = home.again(record.clone());
    let said = witness.add_checkpoint(&log.ask(0, 9).to_string());
    assert_eq!(said.unwrap_err().label(), "store_full");
    assert!(!home.folder("log.example").exists());
    // Nothing was given out, so any first history is good.
    record.1.store(false, Ordering::SeqCst);
    assert!(cosigned(&witness.add_checkpoint(&fork.ask(0, 9).to_string())));
    record.1.store(true, Ordering::SeqCst);
    let split = witness.add_checkpoint(&log.ask(9, 9).to_string());
    let refused = Said::Refused(WitnessRefusal::SplitView);
    assert_eq!(split.unwrap(), refused, "refused even where evidence cannot be kept");
}

#[test]
fn what_was_cosigned_is_known_after_a_start() {
    let (log, fork, home) = home();
    assert!(cosigned(&home.witness.add_checkpoint(&log.ask(0, 9).to_string())));
    let again = home.again(Arc::new(home.record()));
    assert_eq!(again.add_checkpoint(&fork.ask(0, 12).to_string()).unwrap(), Said::Knows(9));
    let split = again.add_checkpoint(&fork.ask(9, 12).to_string()).unwrap();
    assert_eq!(split, Said::Refused(WitnessRefusal::SplitView));
    assert!(cosigned(&again.add_checkpoint(&log.ask(9, 12).to_string())));
}

#[test]
fn a_damaged_record_ends_cosigning_for_its_ledger() {
    let (log, _, home) = home();
    assert!(cosigned(&home.witness.add_checkpoint(&log.ask(0, 9).to_string())));
    let place = home.folder("log.example").join("checkpoint");
    let whole = fs::read_to_string(&place).unwrap();
    let (_, own) = whole.rsplit_once("\n— ").unwrap();
    let other = Home::new("w", std::slice::from_ref(&log.key));
    assert!(cosigned(&other.witness.add_checkpoint(&log.ask(0, 4).to_string())));
    let others = fs::read_to_string(other.folder("log.example").join("checkpoint")).unwrap();
    for damaged in [
        String::new(),
        whole.replace("\n9\n", "\n8\n"),
        whole.replace(&format!("— {own}"), ""),
        others,
    ] {
        fs::write(&place, &damaged).unwrap();
        let said = home.witness.add_checkpoint(&log.ask(9, 12).to_string());
        assert_eq!(said.unwrap_err().label(), "store_broken", "{damaged}");
        assert_eq!(fs::read_to_string(&place).unwrap(), damaged, "it was written over");
    }
    fs::write(&place, whole).unwrap();
    assert!(cosigned(&home.witness.add_checkpoint(&log.ask(9, 12).to_string())));
}

/// Both signed checkpoints are kept, once for each head: enough for anybody to see the two
/// histories.
#[test]
fn two_histories_leave_evidence() {
    let (log, fork, home) = home();
    assert!(cosigned(&home.witness.add_checkpoint(&log.ask(0, 9).to_string())));
    let first = fork.ask(9, 12);
    for ask in [&first, &fork.ask(9, 13), &fork.ask(9, 9)] {
        let said = home.witness.add_checkpoint(&ask.to_string()).unwrap();
        assert_eq!(said, Said::Refused(WitnessRefusal::SplitView));
    }
    let kept = home.folder("log.example").join("evidence");
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1);
    let request: Request = fs::read_to_string(kept.join("9/request")).unwrap().parse().unwrap();
    assert_eq!(request, first);
    let cosigned_head = fs::read_to_string(kept.join("9/checkpoint")).unwrap();
    assert!(cosigned_head.contains("\n9\n") && cosigned_head.contains("— w "), "{cosigned_head}");
    assert!(cosigned(&home.witness.add_checkpoint(&log.ask(9, 20).to_string())));
    drop(home.witness.add_checkpoint(&fork.ask(20, 30).to_string()).unwrap());
    assert!(kept.join("20/request").exists());
}

/// A ledger that replaces its key is the same ledger; both keys are given while it does.
#[test]
fn a_ledger_may_replace_its_key() {
    let (old, new) = (Log::new("log.example", 1, 0), Log::new("log.example", 2, 0));
    let home = Home::new("w", &[old.key.clone(), new.key.clone()]);
    assert!(cosigned(&home.witness.add_checkpoint(&old.ask(0, 9).to_string())));
    assert!(cosigned(&home.witness.add_checkpoint(&new.ask(9, 12).to_string())));
    assert_eq!(home.witness.add_checkpoint(&new.ask(0, 9).to_string()).unwrap(), Said::Knows(12));
}

/// What strangers wrote beneath the note is not kept and not given on.
#[test]
fn lines_of_unknown_keys_are_dropped() {
    let (log, _, home) = home();
    let stranger = Log::new("stranger.example", 3, 0);
    let mut ask = log.ask(0, 9);
    for line in stranger.ask(0, 9).note.lines() {
        ask.note.add(line.clone()).unwrap();
    }
    assert!(cosigned(&home.witness.add_checkpoint(&ask.to_string())));
    let kept = fs::read_to_string(home.folder("log.example").join("checkpoint")).unwrap();
    assert!(!kept.contains("stranger") && kept.lines().count() == 6, "{kept}");
}

#[test]
fn the_way_to_a_witness_is_bounded() {
    let client = WitnessClient::start().unwrap();
    let ask = |url: &str| {
        let way = client.way_to(url.parse().unwrap());
        way.add_checkpoint("old 0\n", Duration::from_millis(60)).map(|answer| answer.status)
    };
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", mute.local_addr().unwrap());
    assert_eq!(ask(&silent).unwrap_err().label(), "witness_unreachable");
    drop(mute);
    assert_eq!(ask(&silent).unwrap_err().label(), "witness_unreachable");
}
