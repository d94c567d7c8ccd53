//! What goes wrong where a certificate is signed, on the real program with its keys in a token:
//! stored but not signed, signed but not stored, twice, slow, crashed; each alone and in pairs.
//!
//! A library that fails on demand stops the program at the very signature, where it is killed or
//! goes on. Then the program starts again. However a case went, it ends with one certificate; what
//! was acknowledged is there, and nothing else was ever signed under its serial number.

use crate::bureau::{Bureau, CARD_END, P256, base64_of, openssl};
use crate::feeds::CHIYODA;
use crate::house::{House, Told};
use crate::key_devices::{children_of, config, has_ended, infect, tokened, until};
use crate::serving::Serving;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

/// What befalls a program at the signature of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    /// Killed before the key signs: the certificate is stored, and not signed.
    Unsigned,
    /// Killed when the key has signed, and the answer is on its way.
    Unanswered,
    /// Killed with the signature in hand: it is signed, and not stored.
    Unstored,
    /// Killed when what came of it is stored, before anybody is told.
    Untold,
    /// Another program finishes the case between signature and answer.
    Twice,
    /// The answer comes late, and in time.
    Slow,
    /// The answer comes too late.
    TooSlow,
    /// The vendor's library crashes before it signs: the next child does it.
    Crash,
    /// It crashes when it has signed, and so does the next child's.
    CrashSigned,
    /// The signature is wrong.
    Wrong,
    /// The device refuses.
    Refused,
    /// The token is taken away.
    Removed,
}

use Fault::{
    Crash, CrashSigned, Refused, Removed, Slow, TooSlow, Twice, Unanswered, Unsigned, Unstored,
    Untold, Wrong,
};

impl Fault {
    const ALL: [Self; 12] = [
        Unsigned,
        Unanswered,
        Unstored,
        Untold,
        Twice,
        Slow,
        TooSlow,
        Crash,
        CrashSigned,
        Wrong,
        Refused,
        Removed,
    ];

    /// What the library is told.
    const fn control(self) -> &'static str {
        match self {
            Unsigned => "stall once on C_Sign of ecdsa",
            Unanswered => "stall once late on C_Sign of ecdsa",
            // Whatever the device is asked next.
            Unstored => "well once on C_Sign of ecdsa\nstall once",
            // The ledger's checkpoint.
            Untold => "well once on C_Sign of ecdsa\nstall once on C_Sign of ed25519",
            Twice => "hold once late on C_Sign of ecdsa",
            Slow => "slow 300 once late on C_Sign of ecdsa",
            TooSlow => "slow 4000 once late on C_Sign of ecdsa",
            Crash => "crash once on C_Sign of ecdsa",
            CrashSigned => "crash once late on C_Sign of ecdsa\ncrash once late on C_Sign of ecdsa",
            Wrong => "wrong once on C_Sign of ecdsa",
            Refused => "error once on C_Sign of ecdsa",
            Removed => "removed once on C_Sign of ecdsa",
        }
    }

    const fn kills(self) -> bool {
        matches!(self, Unsigned | Unanswered | Unstored | Untold)
    }

    /// How a command ends that this befalls: exit code and label.
    const fn told(self) -> (i32, Option<&'static str>) {
        match self {
            TooSlow | CrashSigned | Refused => (5, Some("hsm_unavailable")),
            Removed => (5, Some("hsm_gone")),
            Wrong => (6, Some("hsm_answer_wrong")),
            _ => (0, None),
        }
    }
}

/// A counter whose keys are in a token, with so many residents to serve, one after the other.
struct Counter {
    bureau: Bureau,
    /// A configuration that waits for the device for a second.
    hasty: String,
    served: RefCell<BTreeSet<u64>>,
}

impl Counter {
    fn open(residents: usize) -> Self {
        let mut house = tokened("");
        let signed = house.beside("signed").display().to_string();
        let text = config(&house, "").replace(
            "SICK_HSM_CONTROL",
            &format!("SICK_HSM_SIGNED = '{signed}', SICK_HSM_CONTROL"),
        );
        let deadline = |ms: u32| text.replace("deadline_ms = 2000", &format!("deadline_ms = {ms}"));
        let hasty = house.write("hasty.toml", deadline(1_000));
        house.configure(&deadline(60_000));
        house.ask(&["init"]).good();
        // One authority alone has keys on a curve: the other's delegate stamps the checkpoints.
        house.ask(&["ca", "init", "--kind", "authentication", "--algorithm", "p256"]).good();
        let bureau = Bureau::within(house, "rsa2048", residents + 1);
        let counter = Self { bureau, hasty, served: RefCell::default() };
        // From the first certificate of a municipality on its lists are there.
        let issued = counter.house().ask(&strs(&counter.application(residents))).good();
        counter.served.borrow_mut().insert(issued["serial"].as_u64().unwrap());
        counter.house().write("signed", "");
        counter
    }

    fn house(&self) -> &House {
        &self.bureau.house
    }

    /// The command that issues a resident's certificate.
    fn application(&self, resident: usize) -> Vec<String> {
        let request = self.bureau.at(&format!("{resident}.csr"));
        if !fs::exists(&request).unwrap() {
            self.bureau.request(&resident.to_string(), P256);
        }
        let code = self.bureau.at(&format!("code-{resident}"));
        let out = self.bureau.at(&format!("{resident}.pem"));
        [
            &["certs", "issue", "--municipality", CHIYODA, "--kind", "authentication"][..],
            &["--code", &code, "--request", &request, "--card-end", CARD_END, "--out", &out],
        ]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
    }

    /// Runs a command that this befalls, and does something else where it struck; how the command
    /// ended, if it was not killed.
    fn befalls(&self, fault: Fault, command: &[String], meanwhile: impl FnOnce()) -> Option<Told> {
        let house = self.house();
        infect(house, fault.control());
        let mut arguments = vec!["--json"];
        if fault == TooSlow {
            arguments.extend(["--config", &self.hasty]);
        }
        arguments.extend(command.iter().map(String::as_str));
        let mut program = house.command(&arguments);
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        if fault.kills() {
            self.struck(fault, &mut child);
            kill(child);
        } else {
            if fault == Twice {
                self.struck(fault, &mut child);
                meanwhile();
                house.write("control.go", "");
            }
            let told = house.told(&arguments, child.wait_with_output().unwrap());
            drop(fs::remove_file(house.beside("control.go")));
            infect(house, "");
            return Some(told);
        }
        infect(house, "");
        None
    }

    /// Waits until the fault has struck.
    fn struck(&self, fault: Fault, child: &mut Child) {
        let control = self.house().beside("control");
        until("the fault strikes", || {
            let waits = child.try_wait().unwrap().is_none();
            assert!(waits, "{fault:?} was not met");
            !control.exists()
        });
    }

    /// A certificate is issued and this befalls; `meanwhile` is done where it strikes.
    fn issue_amid(&self, fault: Fault, resident: usize, meanwhile: impl FnOnce()) {
        let told = self.befalls(fault, &self.application(resident), meanwhile);
        let out = self.house().beside(&format!("{resident}.pem"));
        let Some(told) = told else {
            assert!(!out.exists(), "{fault:?}: nobody was told");
            return assert_eq!(self.open_cases(), u64::from(fault != Untold), "{fault:?}");
        };
        let (code, label) = fault.told();
        assert_eq!(told.code, code, "{fault:?}: {}{}", told.out, told.err);
        assert_eq!(told.json()["label"].as_str(), label, "{fault:?}");
        assert_eq!(out.exists(), code == 0, "{fault:?}");
    }

    /// Start-up finishes the case, and this befalls.
    fn finish_amid(&self, fault: Fault) {
        let finish = ["certs", "finish"].map(str::to_owned);
        let told = self.befalls(fault, &finish, || {
            assert_eq!(self.house().ask(&["certs", "finish"]).good()["issued"], 1);
        });
        let Some(told) = told else { return };
        let (code, _) = fault.told();
        let left = u64::from(code != 0);
        assert_eq!(told.code, i32::from(left == 1), "{fault:?}: {}{}", told.out, told.err);
        assert_eq!(told.json()["left"], left, "{fault:?}");
    }

    /// How many certificates are still to be signed.
    fn open_cases(&self) -> u64 {
        let verified = self.house().ask(&["verify"]).good();
        assert_eq!(verified["holds"], true);
        verified["open_certificates"].as_u64().unwrap()
    }

    /// The digests that the authorities' keys have signed since this was asked the last time.
    fn signed(&self) -> BTreeSet<String> {
        let house = self.house();
        let signed = fs::read_to_string(house.beside("signed")).unwrap();
        house.write("signed", "");
        signed.lines().filter_map(|line| line.strip_prefix("ecdsa ")).map(str::to_owned).collect()
    }

    /// A resident's request in base64.
    fn encoded(&self, resident: usize) -> String {
        self.application(resident);
        let (request, out) = (self.bureau.at(&format!("{resident}.csr")), self.bureau.at("der"));
        openssl(&["req", "-in", &request, "-outform", "DER", "-out", &out]);
        base64_of(&out)
    }

    /// The request to the service for a resident's certificate, under a key of its own.
    fn request(&self, token: &str, resident: usize) -> String {
        let body = json!({
            "resident_record_code": self.bureau.codes[resident],
            "kind": "authentication",
            "request": self.encoded(resident),
            "card_end": CARD_END,
            "card_has_pins": true,
        })
        .to_string();
        format!(
            "POST /v1/certificates HTTP/1.1\r\nHost: sekisho\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nIdempotency-Key: card-{resident}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
        )
    }

    /// After a restart the resident has one certificate, and nothing else was signed for it.
    fn settled(&self, resident: usize) {
        let house = self.house();
        assert_eq!(house.ask(&["certs", "finish"]).good()["left"], 0);
        let again = house.ask(&["certs", "finish"]).good();
        assert_eq!(again, json!({ "issued": 0, "closed": 0, "left": 0 }));
        let code = self.bureau.at(&format!("code-{resident}"));
        let told = house.ask(&["certs", "list", "--code", &code]).good();
        let [one] = &told["certificates"].as_array().unwrap()[..] else { panic!("{told}") };
        assert_eq!(one["state"], "in_force");
        let serial = one["serial"].as_u64().unwrap();
        assert!(self.served.borrow_mut().insert(serial), "{serial} was used twice");
        let (saved, serial) = (self.bureau.at("saved.pem"), serial.to_string());
        let save = ["certs", "save", "--authority", "1", "--serial", &serial, &saved];
        house.ask(&save).good();
        let saved = fs::read(saved).unwrap();
        if let Ok(given) = fs::read(house.beside(&format!("{resident}.pem"))) {
            assert!(given == saved, "what was acknowledged is what is stored");
        }
        assert_eq!(self.signed(), [digest_of(&saved)].into(), "nothing else was signed");
        assert_eq!(self.open_cases(), 0);
    }
}

/// Ends a program as a power cut does: nothing of it is left, though its library may stand still.
fn kill(mut child: Child) {
    let library = children_of(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    until("no child outlives the program", || library.iter().all(has_ended));
}

/// What the service answers, unless it is killed before.
fn answer(address: &str, request: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, json) = answer.split_once("\r\n\r\n")?;
    Some((head[9..12].parse().unwrap(), serde_json::from_str(json).ok()?))
}

/// SHA-256 of what is signed of a certificate, in hexadecimal digits.
fn digest_of(pem: &[u8]) -> String {
    let text = std::str::from_utf8(pem).unwrap();
    let (_, der) = x509::pem::decode(text).unwrap();
    let tbs = x509::Certificate::parse(&der).unwrap().tbs().to_vec();
    x509::sha256(&tbs).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn each_alone() {
    let counter = Counter::open(Fault::ALL.len());
    for (resident, fault) in Fault::ALL.into_iter().enumerate() {
        counter.issue_amid(fault, resident, || {
            assert_eq!(counter.house().ask(&["certs", "finish"]).good()["issued"], 1);
        });
        counter.settled(resident);
    }
    counter.bureau.house.done();
}

/// One befalls the program that issues, and each of them the one that finishes.
fn pairs(first: Fault) {
    let counter = Counter::open(PAIRED.len());
    for (resident, second) in PAIRED.into_iter().enumerate() {
        let finish = || counter.finish_amid(second);
        if first == Twice {
            counter.issue_amid(first, resident, finish);
        } else {
            counter.issue_amid(first, resident, || ());
            finish();
        }
        counter.settled(resident);
    }
    counter.bureau.house.done();
}

#[test]
fn stored_and_not_signed_then_each() {
    pairs(Unsigned);
}

#[test]
fn signed_and_not_answered_then_each() {
    pairs(Unanswered);
}

#[test]
fn signed_and_not_stored_then_each() {
    pairs(Unstored);
}

#[test]
fn twice_and_each() {
    pairs(Twice);
}

#[test]
fn too_slow_then_each() {
    pairs(TooSlow);
}

#[test]
fn crashed_then_each() {
    pairs(CrashSigned);
}

/// Who asks again while the device is still away is told to come back, not that the key is in use;
/// once it is there, this case alone is finished.
#[test]
fn who_asks_again_is_served_once_the_device_is_there() {
    let counter = Counter::open(2);
    let house = counter.house();
    for resident in 0..2 {
        counter.issue_amid(Refused, resident, || ());
    }
    counter.issue_amid(Refused, 0, || ());
    let issued = house.ask(&strs(&counter.application(0))).good();
    assert_eq!(issued["repeated"], true);
    assert_eq!(counter.open_cases(), 1, "another's case is another's");
    assert_eq!(house.ask(&strs(&counter.application(1))).good()["repeated"], true);
    assert_eq!(counter.open_cases(), 0);
    counter.bureau.house.done();
}

/// A service that was killed on the way answers the same request with the one certificate.
#[test]
fn a_killed_service_answers_the_same_request() {
    let kills = [Unsigned, Unanswered, Unstored, Untold];
    let counter = Counter::open(kills.len());
    let house = counter.house();
    let token = house.ask(&["token", "municipality:131016"]).good();
    let token = token["token"].as_str().unwrap();
    for (resident, fault) in kills.into_iter().enumerate() {
        let serving = Serving::start(house, &["--json", "serve"]);
        let (library, address) = (children_of(serving.id()), serving.address.clone());
        let request = counter.request(token, resident);
        infect(house, fault.control());
        let told = std::thread::scope(|scope| {
            let asking = scope.spawn(|| answer(&address, &request));
            until("the fault strikes", || !house.beside("control").exists());
            serving.kill();
            asking.join().unwrap()
        });
        until("no child outlives the program", || library.iter().all(has_ended));
        infect(house, "");
        let serving = Serving::start(house, &["--json", "serve"]);
        let (status, answer) = answer(&serving.address, &request).unwrap();
        assert_eq!(status, 200, "{fault:?}: {answer}");
        let certificate = answer["certificate"].as_str().unwrap();
        if let Some((200, told)) = told {
            assert_eq!(told["certificate"], certificate, "{fault:?}");
        }
        serving.stop(house);
        house.write(&format!("{resident}.pem"), certificate);
        counter.settled(resident);
    }
    counter.bureau.house.done();
}

/// A production run that was killed at a signature, or with all of them in hand.
#[test]
fn a_killed_production_run_goes_on_where_it_was() {
    let counter = Counter::open(9);
    let house = counter.house();
    for (run, control) in [
        "stall once on C_Sign of ecdsa",
        "well once on C_Sign of ecdsa\nstall once late on C_Sign of ecdsa",
        "well once late on C_Sign of ecdsa\nwell once late on C_Sign of ecdsa\n\
         well once late on C_Sign of ecdsa\nstall once",
    ]
    .into_iter()
    .enumerate()
    {
        let mut lines = String::from("code,kind,request,card_end\n");
        for resident in run * 3..run * 3 + 3 {
            let (code, request) = (&counter.bureau.codes[resident], counter.encoded(resident));
            lines.push_str(&format!("{code},authentication,{request},{CARD_END}\n"));
        }
        let file = house.write("run.csv", lines);
        let out = counter.bureau.at(&format!("out-{run}"));
        let command = ["certs", "batch", &file, "--municipality", CHIYODA, "--out", &out];
        let command = [&command[..], &["--form", "pem"]].concat();
        infect(house, control);
        let mut program = house.command(&command);
        let mut child = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        counter.struck(Unsigned, &mut child);
        kill(child);
        infect(house, "");
        assert_eq!(counter.open_cases(), 3, "run {run}");
        let report = house.ask(&command).good();
        assert_eq!((&report["issued"], &report["repeated"]), (&0.into(), &3.into()));
        let issued = fs::read_to_string(house.beside(&format!("out-{run}/certificates.pem")));
        let issued = issued.unwrap();
        let digests: BTreeSet<_> = issued
            .split_inclusive("-----END CERTIFICATE-----\n")
            .map(|pem| digest_of(pem.as_bytes()))
            .collect();
        assert_eq!((counter.signed(), digests.len()), (digests, 3), "nothing else was signed");
        for resident in run * 3..run * 3 + 3 {
            assert_eq!(counter.bureau.listed(resident)[0].1, "in_force");
        }
    }
    counter.bureau.house.done();
}

/// A list on record without its files is what a kill leaves; a list that is lost is a fault.
#[test]
fn a_list_killed_on_its_way_is_no_fault_and_a_lost_one_is() {
    let kills = [
        "stall once on C_Sign of ecdsa",
        "well once on C_Sign of ecdsa\nstall once late on C_Sign of ecdsa",
        // Both files are signed: they are about to be written, or that is about to go on record.
        "well once on C_Sign of ecdsa\nwell once late on C_Sign of ecdsa\nstall once",
    ];
    let counter = Counter::open(kills.len());
    let house = counter.house();
    for (resident, control) in kills.into_iter().enumerate() {
        house.ask(&strs(&counter.application(resident))).good();
        let code = counter.bureau.at(&format!("code-{resident}"));
        infect(house, control);
        let end = ["certs", "end", "--trigger", "reported_missing", "--code", &code];
        let mut child = house.command(&end).stderr(Stdio::null()).spawn().unwrap();
        counter.struck(Unsigned, &mut child);
        kill(child);
        infect(house, "");
        assert_eq!(house.ask(&["verify"]).good()["holds"], true, "{control}");
    }
    house.ask(&["certs", "lists"]).good();
    for resident in 0..kills.len() {
        counter.bureau.refused(&format!("{resident}.pem"), "path_on_hold");
    }
    let lists = house.data().join("crl/authentication");
    let generation = fs::read_dir(&lists).unwrap().next().unwrap().unwrap().path();
    let list = generation.join(format!("{CHIYODA}.crl"));
    fs::remove_file(&list).unwrap();
    let told = house.ask(&["verify"]).does_not_hold();
    assert_eq!(told["faults"], json!([format!("list 1 of {CHIYODA}: not published")]));
    assert_eq!(house.ask(&["certs", "lists"]).good()["missing"], 1);
    assert!(list.exists());
    counter.bureau.house.done();
}

/// What the paragraphs of the proof name: not signed, not stored (on the way and in hand), twice,
/// slow, crash.
const PAIRED: [Fault; 6] = [Unsigned, Unanswered, Unstored, Twice, TooSlow, CrashSigned];
