//! One sick device, fault by fault: the caller gets its error although nothing comes back, nothing
//! wrong is handed out, and the device is worked with again when it is healed.

use crate::devices::{Token, eventually, open, options};
use base::{Moment, Problem};
use keys::OsEntropy;
use ports::{Domain, KeyKind, KeyLabel, KeyStore};
use seal::{DataKey, WrapPlace};
use sekisho_hsm::{BreakerState, HsmOptions, HsmStore};
use std::cell::Cell;
use std::fs;
use std::process::Command;
use x509::{KeyAlgorithm, PublicKey};

#[test]
fn a_device_that_never_answers_costs_its_child() {
    let (token, service) = service();
    let child = service.child();
    token.fault("stall");
    service.fails_with("hsm_unavailable");
    eventually("the child that is stuck is killed", || {
        service.store.status()[0].child.is_some_and(|other| other != child)
    });
    service.fails_with("hsm_unavailable");
    token.fault("");
    service.recovers();
    assert!(service.store.status()[0].restarts > 0);
}

#[test]
fn one_session_that_stalls_does_not_stop_the_others() {
    let (token, service) = service();
    token.fault("stall once");
    assert_eq!(service.sign().unwrap_err().label(), "hsm_unavailable");
    service.works();
    service.recovers();
}

#[test]
fn a_slow_answer_is_late_and_nobody_else_hears_it() {
    let (token, service) = service();
    let child = service.child();
    token.fault("slow 1200 on C_Sign once");
    let late = service.store.sign(&service.signing, b"late").unwrap_err();
    assert_eq!(late.label(), "hsm_unavailable");
    assert_eq!(service.store.status()[0].late, 1);
    (0..20).for_each(|_| service.works());
    eventually("the late answer is taken in", || service.store.status()[0].late == 0);
    assert_eq!(service.child(), child, "slow is not stuck");
}

#[test]
fn a_slow_device_works_and_a_slower_one_is_left_alone() {
    let (token, service) = service();
    token.fault("slow 5");
    service.works();
    token.fault("slow 1100 on C_Sign");
    service.fails_with("hsm_unavailable");
    eventually("it is left alone", || {
        let _ = service.store.sign(&service.signing, b"m");
        service.store.status()[0].breaker != BreakerState::Closed
    });
    token.fault("");
    service.recovers();
}

#[test]
fn a_crash_is_hardly_noticed_and_crashes_are_told() {
    let (token, service) = service();
    token.fault("crash once");
    service.works();
    assert_eq!(service.store.status()[0].restarts, 1);
    token.fault("crash on C_Sign");
    service.fails_with("hsm_unavailable");
    token.fault("");
    service.recovers();
}

#[test]
fn a_library_that_crashes_at_its_start_is_started_until_it_lives() {
    let (token, service) = service();
    token.fault("crash on C_Login");
    service.kill_child();
    eventually("it was started in vain", || service.store.status()[0].restarts > 2);
    service.fails_with("hsm_unavailable");
    token.fault("");
    service.recovers();
}

#[test]
fn a_child_that_is_killed_is_hardly_noticed() {
    let (_token, service) = service();
    for _ in 0..3 {
        let child = service.child();
        service.kill_child();
        service.works();
        assert_ne!(service.child(), child);
    }
    let signing = || (0..200).for_each(|_| service.works_signing());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(signing)).collect();
        service.kill_child();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn wrong_answers_are_never_handed_out() {
    let (token, service) = service();
    let Service { store, .. } = &service;
    let (place, key) = (WrapPlace { person: 1, generation: 1 }, DataKey::from_entropy(&mut os()));
    let wrapped = store.wrap(&service.wrapping, &place, &key, &mut os()).unwrap();
    let attempts: [(&str, Attempt<'_>); 6] = [
        ("C_Sign", &|| store.sign(&service.signing, b"m").map(drop)),
        ("C_Sign", &|| store.mac(&service.macs, b"m").map(drop)),
        ("C_Encrypt", &|| store.wrap(&service.wrapping, &place, &key, &mut os()).map(drop)),
        ("C_Decrypt", &|| store.unwrap(&service.wrapping, &place, &wrapped).map(drop)),
        ("C_Encrypt", &|| store.permute(&service.numbering, ELEVEN, &mut [1, 2, 3])),
        ("C_Decrypt", &|| store.invert(&service.numbering, ELEVEN, &mut [1, 2, 3])),
    ];
    for (function, attempt) in attempts {
        token.fault(&format!("wrong on {function}"));
        assert_eq!(attempt().unwrap_err().label(), "hsm_answer_wrong", "{function}");
        assert_eq!(store.status()[0].breaker, BreakerState::Open, "at once");
        token.fault("");
        service.recovers();
    }
}

#[test]
fn who_verifies_himself_is_handed_what_he_accepts_and_nothing_else() {
    let (token, service) = service();
    let Service { store, signing, public, .. } = &service;
    let asked = Cell::new(0);
    let accept = |signature: &[u8]| {
        asked.set(asked.get() + 1);
        public.has_signed(b"m", signature)
    };
    assert!(public.has_signed(b"m", &store.sign_accepted(signing, b"m", &accept).unwrap()));
    token.fault("wrong on C_Sign once");
    let wrong = store.sign_accepted(signing, b"m", &accept).unwrap_err();
    assert_eq!((wrong.label(), asked.get()), ("hsm_answer_wrong", 2));
    assert_eq!(store.status()[0].breaker, BreakerState::Open, "at once");
    service.recovers();
    // The key signed it, and the caller wants another key's: the device is well.
    let other = store.sign_accepted(signing, b"m", &|_| false).unwrap_err();
    assert_eq!(other.label(), "signing_signature");
    assert_eq!(store.status()[0].breaker, BreakerState::Closed);
    // Even where the device is trusted, the caller's word counts.
    let trusting = HsmOptions { check: false, ..options(vec![token.sick()]) };
    let trusting = HsmStore::open(trusting).unwrap();
    token.fault("wrong on C_Sign once");
    let signature = trusting.sign(signing, b"m").unwrap();
    assert!(!public.has_signed(b"m", &signature), "as it comes");
    token.fault("wrong on C_Sign once");
    let wrong = trusting.sign_accepted(signing, b"m", &accept).unwrap_err();
    assert_eq!(wrong.label(), "hsm_answer_wrong");
}

#[test]
fn a_library_that_fails_until_it_is_loaded_anew_is_loaded_anew() {
    let (token, service) = service();
    let child = service.child();
    token.fault("spoilt once");
    service.fails_with("hsm_unavailable");
    service.recovers();
    assert_ne!(service.child(), child);
}

#[test]
fn a_child_that_answers_what_nobody_asked_is_replaced_at_once() {
    let (token, service) = service();
    for function in ["C_Sign", "C_SignInit", "C_Verify"] {
        let (child, restarts) = (service.child(), service.store.status()[0].restarts);
        token.fault(&format!("babble on {function} once"));
        // Every session has heard it.
        (0..6).for_each(|_| service.works());
        assert_ne!(service.child(), child, "{function}");
        assert_eq!(service.store.status()[0].restarts, restarts + 1, "{function}");
    }
}

#[test]
fn many_children_leave_nothing_behind() {
    let (_token, service) = service();
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    service.works();
    let before = open();
    for _ in 0..6 {
        service.kill_child();
        service.recovers();
    }
    eventually("as much is open as before", || open() <= before);
    assert_eq!(zombies(), [0; 0]);
}

#[test]
fn a_token_without_sessions_left_works_with_those_that_it_has() {
    let (token, service) = service();
    token.fault("sessions");
    std::thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(|| (0..20).for_each(|_| service.works_signing()))));
    });
    service.kill_child();
    service.fails_with("hsm_unavailable");
    token.fault("");
    service.recovers();
}

#[test]
fn a_token_that_was_removed_is_logged_in_to_again() {
    let (token, service) = service();
    let child = service.child();
    token.fault("removed");
    service.fails_with("hsm_gone");
    token.fault("");
    service.recovers();
    assert_eq!(service.child(), child, "the same child");
    token.fault("removed");
    service.kill_child();
    eventually("no child finds the token", || !service.store.status()[0].ready);
    service.fails_with("hsm_gone");
    token.fault("");
    service.recovers();
}

#[test]
fn a_pin_that_is_refused_is_not_tried_again() {
    // A second try would do, and with a token that counts them it would lock it.
    let (token, service) = service();
    token.fault("locked once");
    service.kill_child();
    eventually("the next child is refused", || service.sign().is_err());
    assert!(service.store.status()[0].last_failure.as_ref().unwrap().contains("PIN"));
    (0..30).for_each(|_| service.fails_with("hsm_configuration"));
    assert_eq!(service.store.status()[0].restarts, 1);
}

#[test]
fn a_pin_that_is_refused_in_the_midst_is_not_tried_again() {
    let (token, service) = service();
    token.fault("removed on C_SignInit once");
    assert_eq!(service.sign().unwrap_err().label(), "hsm_gone");
    token.fault("locked once");
    assert_eq!(service.sign().unwrap_err().label(), "hsm_configuration");
    eventually("its child is let go", || {
        service.fails_with("hsm_configuration");
        !service.store.status()[0].ready
    });
    (0..30).for_each(|_| service.fails_with("hsm_configuration"));
    assert_eq!(service.store.status()[0].restarts, 0);
}

#[test]
fn sessions_that_ended_by_themselves_are_opened_again_at_once() {
    let (token, service) = service();
    token.fault("removed on C_SignInit once");
    assert_eq!(service.sign().unwrap_err().label(), "hsm_gone");
    // All sessions of the token have ended with it.
    (0..10).for_each(|_| service.works());
}

#[test]
fn device_errors_are_told_and_then_the_device_is_left_alone() {
    let (token, service) = service();
    token.fault("error");
    for _ in 0..4 {
        service.fails_with("hsm_unavailable");
    }
    assert_ne!(service.store.status()[0].breaker, BreakerState::Closed);
    token.fault("");
    service.recovers();
}

#[test]
fn a_key_that_cannot_be_looked_up_is_not_absent() {
    let (token, service) = service();
    let nobody: KeyLabel = "nobody".parse().unwrap();
    assert_eq!(service.store.mac(&nobody, b"m").unwrap_err().label(), "key_absent");
    token.fault("error");
    assert_eq!(service.store.mac(&nobody, b"m").unwrap_err().label(), "hsm_unavailable");
    let made = service.store.generate(&nobody, KeyKind::Mac, Moment::from_us(0), &mut os());
    assert_eq!(made.unwrap_err().label(), "hsm_unavailable");
    token.fault("");
    service.recovers();
    assert_eq!(service.store.list().unwrap().len(), 4);
}

/// One sick device that holds a key of each use.
struct Service {
    store: HsmStore,
    signing: KeyLabel,
    public: PublicKey,
    macs: KeyLabel,
    wrapping: KeyLabel,
    numbering: KeyLabel,
}

fn service() -> (Token, Service) {
    let token = Token::new("sick");
    let store = open(vec![token.sick()]);
    let make = |label: &str, kind| {
        let label: KeyLabel = label.parse().unwrap();
        store.generate(&label, kind, Moment::from_us(0), &mut os()).unwrap();
        label
    };
    let signing = make("ca/1", KeyKind::Sign(KeyAlgorithm::P256));
    let macs = make("index", KeyKind::Mac);
    let wrapping = make("kek/1", KeyKind::Wrap);
    let numbering = make("numbering", KeyKind::Permutation);
    let public = store.public_key(&signing).unwrap();
    (token, Service { store, signing, public, macs, wrapping, numbering })
}

impl Service {
    fn sign(&self) -> Result<Vec<u8>, Problem> {
        self.store.sign(&self.signing, b"message")
    }

    fn works_signing(&self) {
        assert!(self.public.has_signed(b"message", &self.sign().unwrap()));
    }

    /// Every operation does what it should.
    fn works(&self) {
        self.works_signing();
        let (store, place) = (&self.store, WrapPlace { person: 4, generation: 2 });
        let key = DataKey::from_entropy(&mut os());
        let wrapped = store.wrap(&self.wrapping, &place, &key, &mut os()).unwrap();
        assert!(store.unwrap(&self.wrapping, &place, &wrapped).unwrap() == key);
        assert_eq!(store.mac(&self.macs, b"m").unwrap(), store.mac(&self.macs, b"m").unwrap());
        let mut values = [1, 2, 3];
        store.permute(&self.numbering, ELEVEN, &mut values).unwrap();
        store.invert(&self.numbering, ELEVEN, &mut values).unwrap();
        assert_eq!(values, [1, 2, 3]);
    }

    /// Every operation comes back with this, although the fault lasts.
    fn fails_with(&self, label: &str) {
        let mac = self.store.mac(&self.macs, b"m").map(drop);
        for attempt in [self.sign().map(drop), mac] {
            assert_eq!(attempt.map_err(|problem| problem.label()), Err(label));
        }
    }

    fn recovers(&self) {
        eventually("the device works again", || self.sign().is_ok());
        self.works();
        let status = &self.store.status()[0];
        assert!(status.ready && status.breaker == BreakerState::Closed, "{status:?}");
    }

    fn child(&self) -> u32 {
        eventually("there is a child", || self.store.status()[0].ready);
        self.store.status()[0].child.unwrap()
    }

    fn kill_child(&self) {
        let child = self.child().to_string();
        assert!(Command::new("kill").args(["-9", &child]).status().unwrap().success());
    }
}

#[test]
fn the_child_ends_with_the_service() {
    let (_token, service) = service();
    let child = service.child();
    drop(service);
    assert!(!std::path::Path::new(&format!("/proc/{child}")).exists());
}

#[test]
fn options_that_cannot_work_are_refused() {
    let token = Token::new("sick");
    let mut changes: Vec<HsmOptions> = Vec::new();
    for sessions in [0, 129] {
        changes.push(HsmOptions { sessions, ..options(vec![token.healthy()]) });
    }
    let mut impatient = options(vec![token.healthy()]);
    impatient.stuck = impatient.deadline / 2;
    changes.push(impatient);
    for options in changes {
        assert_eq!(HsmStore::open(options).unwrap_err().label(), "hsm_configuration");
    }
}

type Attempt<'a> = &'a dyn Fn() -> Result<(), Problem>;

/// Children of this process that have ended and were not seen off.
fn zombies() -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let mut words = after_name.split(' ');
        let parent = std::process::id().to_string();
        if words.next() == Some("Z") && words.next() == Some(&parent) {
            found.push(id);
        }
    }
    found
}

fn os() -> OsEntropy {
    OsEntropy::new()
}

const ELEVEN: Domain = Domain { digits: 11, below: 80_000_000_000 };
