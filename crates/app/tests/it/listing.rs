//! Revocation lists over the years, with OpenSSL as the reader: holds and releases in deltas, what
//! leaves after its expiry, what is most urgent when all lists are due at once, and what becomes of
//! lists whose files are not the right ones.

use crate::certifying::{Bureau, chiyoda, operator};
use crate::house::{CHIYODA, House, message, on_both, town};
use crate::judged::run;
use crate::publishing::Shared;
use crate::verifying_certificates::{Full, full};
use authority::CertificateKind;
use authority::profile::Partition;
use authority::trigger::Trigger;
use base::{Clock, Problem, Purpose};
use numbers::ResidentRecordCode;
use ports::Publication;
use sekisho_app::certificate_end::{certificate_end, certificate_release};
use sekisho_app::number_ask::Whose;
use sekisho_app::revocation_list::RevocationLists;
use std::sync::Arc;
use x509::{Certificate, Crl, KeyAlgorithm, RevocationReason, pem};

const KIND: CertificateKind = CertificateKind::Authentication;
const AUTHORITY: i64 = 2;
/// From one list on schedule to the next, with the time for changes to gather.
const DAY_S: i64 = 86_400 + 5;

/// Serial numbers of a list with their reasons.
type Listed = Vec<(u64, Option<RevocationReason>)>;

fn ours(bureau: &Bureau<'_>) -> String {
    bureau.issuer_of(AUTHORITY).list_path(Partition::Municipality(town(CHIYODA)))
}

fn published(bureau: &Bureau<'_>, delta: bool) -> Vec<u8> {
    let path = ours(bureau);
    let path = if delta { path.replace(".crl", "-delta.crl") } else { path };
    bureau.place.read(&path).unwrap().unwrap()
}

fn entries(list: &[u8]) -> Listed {
    let number = |serial: &[u8]| x509::Serial::from_integer(serial).unwrap().to_u64().unwrap();
    let list = Crl::parse(list).unwrap();
    list.entries().map(|entry| (number(entry.serial), entry.reason)).collect()
}

/// Makes the lists that are due; the complete list and its delta.
fn made(bureau: &Bureau<'_>) -> [Listed; 2] {
    assert!(bureau.lists.make_due().unwrap() > 0);
    [false, true].map(|delta| entries(&published(bureau, delta)))
}

fn end(house: &House, code: &ResidentRecordCode, trigger: Trigger) {
    let whose = Whose::Code(code.clone());
    let of = (&whose, trigger);
    house.act(|work| certificate_end(work, &operator(), Purpose::Certification, of)).unwrap();
}

fn release(house: &House, code: &ResidentRecordCode) {
    let whose = Whose::Code(code.clone());
    let of = (&whose, KIND);
    house.act(|work| certificate_release(work, &chiyoda(), Purpose::Certification, of)).unwrap();
}

#[test]
fn a_delta_takes_back_what_was_released_and_what_has_expired() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 3);
        for (sequence, code) in (1..).zip(&codes) {
            house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
        }
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let issued: Vec<_> = codes.iter().map(|code| bureau.issue(KIND, code)).collect();
        let [held, ended, other] = [0, 1, 2].map(|at: usize| issued[at].id.serial);
        bureau.lists.make_due().unwrap();
        house.clock.pass_hours(1);
        end(house, &codes[0], Trigger::ReportedMissing);
        end(house, &codes[1], Trigger::CardReturned);
        house.clock.pass_hours(24);
        let (hold, remove) = (RevocationReason::CertificateHold, RevocationReason::RemoveFromCrl);
        let [complete, _] = made(&bureau);
        let gone = complete.iter().find(|(serial, _)| *serial == ended).unwrap().1;
        let both = [(held, Some(hold)), (ended, gone)];
        assert_eq!(complete, both);
        let base = published(&bureau, false);

        house.clock.pass_hours(1);
        release(house, &codes[0]);
        house.clock.pass_seconds(10);
        let [complete, delta] = made(&bureau);
        assert_eq!((&complete[..], &delta[..]), (&both[1..], &[(held, Some(remove))][..]));
        openssl_goes_by(&bureau, [0, 1].map(|at: usize| &issued[at].certificate[..]), &base);

        // The first list on schedule after its expiry carries an entry, the next one does not.
        let until = Certificate::parse(&issued[1].certificate).unwrap().not_after();
        let left = until.seconds() - house.clock.now().seconds();
        house.clock.pass_seconds(left - 60);
        assert_eq!(made(&bureau)[0], both[1..], "the last list of its validity");
        end(house, &codes[2], Trigger::CardReturned);
        let late = (other, gone);
        house.clock.pass_seconds(120);
        assert_eq!(made(&bureau), [vec![both[1], late], vec![late]], "beside the schedule");
        house.clock.pass_seconds(DAY_S);
        assert_eq!(made(&bureau)[0], [both[1], late], "the list that must carry it");
        house.clock.pass_seconds(DAY_S);
        let removed = |(serial, _)| (serial, Some(remove));
        assert_eq!(made(&bureau), [vec![], vec![removed(both[1]), removed(late)]]);
        house.clock.pass_seconds(DAY_S);
        assert_eq!(made(&bureau), [vec![], vec![]]);
        assert_eq!(bureau.faults_of_lists(), [""; 0]);
    });
}

/// The first certificate was held on the base and is released by the delta, the second is revoked.
fn openssl_goes_by(bureau: &Bureau<'_>, certificates: [&[u8]; 2], base: &[u8]) {
    let desk = tempfile::tempdir().unwrap();
    let put = |name: &str, label: &'static str, der: &[u8]| {
        std::fs::write(desk.path().join(name), pem::encode(label, der)).unwrap();
    };
    let root = bureau.authorities().into_iter().find(|row| row.id == AUTHORITY).unwrap();
    put("root", "CERTIFICATE", &root.certificate);
    put("held", "CERTIFICATE", certificates[0]);
    put("ended", "CERTIFICATE", certificates[1]);
    put("base", "X509 CRL", base);
    put("complete", "X509 CRL", &published(bureau, false));
    put("delta", "X509 CRL", &published(bureau, true));
    let at = bureau.house.clock.now().seconds();
    let verify = format!("openssl verify -x509_strict -crl_check -attime {at} -CAfile root");
    let judged = |with: &str| run(desk.path(), &format!("{verify} {with}"));
    let revoked = |said: Result<(), String>| {
        assert!(said.as_ref().is_err_and(|said| said.contains("certificate revoked")), "{said:?}");
    };
    revoked(judged("-CRLfile base held"));
    judged("-CRLfile base -use_deltas -CRLfile delta held").unwrap();
    judged("-CRLfile complete held").unwrap();
    revoked(judged("-CRLfile base ended"));
    revoked(judged("-CRLfile base -use_deltas -CRLfile delta ended"));
    revoked(judged("-CRLfile complete ended"));
    run(desk.path(), "openssl crl -in delta -CAfile root -noout -verify").unwrap();
}

#[test]
fn a_revocation_does_not_wait_behind_all_lists_of_the_day() {
    let house = House::sqlite();
    let code = house.stock(CHIYODA, 1).remove(0);
    house.take_one(&message(CHIYODA, 1, "birth", Some(&code)));
    let bureau = Bureau::open(&house, KeyAlgorithm::P256);
    let others = places::registrars().iter().map(|place| place.code());
    for of in others.filter(|of| *of != town(CHIYODA)).take(160) {
        let now = house.clock.now().us();
        house.raw(&format!(
            "INSERT INTO revocation_list (authority, municipality, number, published, this_update, \
             next_update, due) VALUES ({AUTHORITY}, {of}, 0, 0, {now}, {now}, {now})"
        ));
    }
    bureau.lists.make_due().unwrap();
    // The list of Chiyoda is the youngest, and so the last of a day.
    house.clock.pass_seconds(60);
    let issued = bureau.issue(KIND, &code);
    bureau.lists.make_due().unwrap();

    house.clock.pass_hours(25);
    let (death, clock) =
        (house.taking(&[message(CHIYODA, 2, "death", Some(&code))]), house.clock.clone());
    let noting = Arc::new(Shared::new(bureau.place.clone()).before_write(move || {
        death();
        clock.pass_seconds(10);
    }));
    let lists = RevocationLists::new(house.platform.clone(), noting.clone());
    let count = lists.make_due().unwrap();
    let ours = ours(&bureau);
    let complete = |path: &String| !path.ends_with("-delta.crl");
    let place = noting.written().into_iter().filter(complete).position(|path| path == ours);
    assert!(count > 160 && place.is_some_and(|place| place < 80), "{place:?} of {count}");
    assert!(bureau.listed(&issued, CHIYODA).is_some());
    assert_eq!(house.faults(), [""; 0]);
}

/// Lists of a program whose day has come, and the next hour before it reads the first file:
/// another program makes them all in between.
fn overtaken(bureau: &Bureau<'_>) -> RevocationLists {
    let (platform, clock) = (bureau.house.platform.clone(), bureau.house.clock.clone());
    let others = RevocationLists::new(platform.clone(), bureau.place.clone());
    clock.pass_hours(25);
    let place = Shared::new(bureau.place.clone()).before_read(move || {
        clock.pass_hours(25);
        assert_eq!(others.make_due(), Ok(4));
    });
    RevocationLists::new(platform, Arc::new(place))
}

fn number(bureau: &Bureau<'_>) -> u64 {
    let list = published(bureau, false);
    let number = Crl::parse(&list).unwrap().number();
    (1..99).find(|known| number == Some((*known).into())).unwrap()
}

#[test]
fn no_list_is_made_below_a_later_one() {
    on_both(|house| {
        let bureau = full(house);
        let label = |made: Result<usize, Problem>| made.err().map(|problem| problem.label());
        let ahead = Some("revocation_list_ahead");
        let set = |by: &str| {
            house.raw_past_triggers(&format!(
                "UPDATE revocation_list SET number = number {by}, published = published {by} \
                 WHERE authority = {AUTHORITY} AND municipality = {CHIYODA}"
            ));
        };
        // The list of one town is put back, and that of its authority and the others go on.
        let before = published(&bureau, false);
        let fault = [format!("list {AUTHORITY} of {CHIYODA}: published is ahead of the store")];
        set("- 1");
        house.clock.pass_hours(25);
        for _ in 0..2 {
            assert_eq!(label(bureau.lists.make_due()), ahead);
            assert_eq!(bureau.faults_of_lists(), fault);
        }
        assert_eq!(bureau.lists.made().load(std::sync::atomic::Ordering::Relaxed), 4 + 2 + 3);
        assert_eq!(label(bureau.lists.recover()), ahead);
        assert_eq!((label(bureau.lists.make_due()), published(&bureau, false)), (ahead, before));
        set("+ 1");
        assert_eq!(bureau.lists.recover(), Ok(0));
        assert_eq!(bureau.lists.make_due(), Ok(1));
        assert_eq!((number(&bureau), bureau.faults_of_lists()), (3, vec![]));
        // What is ahead because another program made it meanwhile is not.
        let lists = overtaken(&bureau);
        assert_eq!((lists.make_due(), number(&bureau)), (Ok(0), 4));
        assert_eq!(house.faults(), [""; 0]);
    });
}

#[test]
fn a_list_that_others_make_while_it_is_looked_at_is_not_lost() {
    on_both(|house| {
        let bureau = full(house);
        let lists = overtaken(&bureau);
        assert_eq!(lists.recover(), Ok(0));
        assert_eq!((lists.make_due(), number(&bureau)), (Ok(0), 3));
    });
}

#[test]
fn a_list_that_was_not_published_is_left_to_whoever_comes_next() {
    on_both(|house| {
        let bureau = full(house);
        house.clock.pass_hours(25);
        let lists = |place| RevocationLists::new(house.platform.clone(), place).at_once();
        let stopped = lists(Arc::new(Full(bureau.place.clone()))).make_due();
        assert_eq!(stopped.err().map(|problem| problem.label()), Some("store_full"));
        // One of each authority went on record, and no other was tried.
        assert_eq!(lists(bureau.place.clone()).make_due(), Ok(4));
        assert_eq!(bureau.lists.recover(), Ok(0));
    });
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other_that_is_lost() {
    on_both(|house| {
        let bureau = full(house);
        let of_authorities = bureau.issuer_of(1).list_path(Partition::Authorities);
        let mut place = Shared::new(bureau.place.clone());
        place.unreadable = Some(of_authorities);
        let lists = RevocationLists::new(house.platform.clone(), Arc::new(place)).at_once();
        std::fs::remove_file(bureau.file(&ours(&bureau))).unwrap();
        let found = lists.recover();
        assert_eq!(found.err().map(|problem| problem.label()), Some("io"));
        assert_eq!(lists.make_due(), Ok(1));
        assert_eq!(bureau.faults_of_lists(), [""; 0]);
        // Nor does it keep its own list from being made.
        house.clock.pass_hours(25);
        assert_eq!(lists.make_due(), Ok(4));
    });
}
