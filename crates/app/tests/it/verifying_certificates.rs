//! `verify` names what is wrong with certificates: each damage is done to a store that holds, past
//! its triggers.

use crate::certifying::{Bureau, operator};
use crate::house::{CHIYODA, House, message};
use authority::CertificateKind;
use authority::trigger::Trigger;
use base::{Problem, Purpose};
use ports::Publication;
use ports::rows::Partition;
use sekisho_app::certificate_end::certificate_end;
use sekisho_app::number_ask::Whose;
use sekisho_app::revocation_list::RevocationLists;
use sekisho_app::verify::verify;
use std::fs;
use std::sync::Arc;
use x509::KeyAlgorithm;

/// Of authority 1: its own 1, its delegates 2 and 3, then 4 in force, 5 revoked by a death, 6 given
/// up, 7 open. Of authority 2: its own 1, its delegate 2, then 3 in force, 4 held.
pub(crate) fn full(house: &House) -> Bureau<'_> {
    let codes = house.stock(CHIYODA, 5);
    for (sequence, code) in (1..).zip(&codes) {
        assert_eq!(house.take_one(&message(CHIYODA, sequence, "birth", Some(code))), "applied");
    }
    let bureau = Bureau::open(house, KeyAlgorithm::P256);
    bureau.issue(CertificateKind::Signature, &codes[0]);
    bureau.issue(CertificateKind::Authentication, &codes[0]);
    bureau.issue(CertificateKind::Signature, &codes[1]);
    drop(bureau.intend(CertificateKind::Signature, &codes[2]).unwrap());
    drop(bureau.intend(CertificateKind::Signature, &codes[3]).unwrap());
    bureau.issue(CertificateKind::Authentication, &codes[4]);
    bureau.lists.make_due().unwrap();
    house.clock.pass_hours(1);
    for (sequence, code) in (6..).zip(&codes[1..3]) {
        assert_eq!(house.take_one(&message(CHIYODA, sequence, "death", Some(code))), "applied");
    }
    let whose = Whose::Code(codes[4].clone());
    let missing = (&whose, Trigger::ReportedMissing);
    house.act(|work| certificate_end(work, &operator(), Purpose::Certification, missing)).unwrap();
    house.clock.pass_hours(1);
    bureau.lists.make_due().unwrap();
    bureau
}

#[test]
fn each_damage_is_named() {
    for house in [House::sqlite(), House::postgresql()] {
        let _bureau = full(&house);
        let report = verify(&house.platform, &mut |_| ()).unwrap();
        assert_eq!(report.faults, [""; 0]);
        assert_eq!((report.certificates, report.open_certificates), (6, 1));
        for (tables, damage, faults) in DAMAGES {
            let keep = |name: &&str| format!("CREATE TABLE kept_{name} AS SELECT * FROM {name};");
            let mend = |name: &&str| {
                format!(
                    "DELETE FROM {name}; INSERT INTO {name} SELECT * FROM kept_{name}; \
                     DROP TABLE kept_{name};"
                )
            };
            house.raw(&tables.iter().map(keep).collect::<String>());
            house.raw_past_triggers(damage);
            let told = house.faults();
            house.raw_past_triggers(&tables.iter().map(mend).collect::<String>());
            assert_eq!(told, *faults, "{}: {damage}", house.platform.store.kind());
        }
        assert_eq!(house.faults(), [""; 0]);
    }
}

#[test]
fn published_lists_are_those_on_record() {
    let house = House::sqlite();
    let bureau = full(&house);
    let faults = || bureau.faults_of_lists();
    assert_eq!(faults(), [""; 0]);
    let town = authority::profile::Partition::Municipality(crate::house::town(CHIYODA));
    let authorities = authority::profile::Partition::Authorities;
    let [one, two] = [1, 2].map(|id| bureau.issuer_of(id).list_path(town));
    let delta = one.replace(".crl", "-delta.crl");
    let read = |path: &str| bureau.place.read(path).unwrap().unwrap();
    let others = read(&bureau.issuer_of(1).list_path(authorities));
    for (path, bytes, fault) in [
        (&one, b"no list".to_vec(), "list 1 of 131016: published is no list"),
        (&one, others, "list 1 of 131016: published is another list"),
        (&delta, read(&one), "list 1 of 131016: published is another list"),
        (&one, read(&two), "list 1 of 131016: published is not signed by its key"),
    ] {
        let before = read(path);
        bureau.place.write(path, &bytes).unwrap();
        assert_eq!(faults(), [fault]);
        bureau.place.write(path, &before).unwrap();
    }
    // A store that was put back is behind what was published.
    let back = "UPDATE revocation_list SET number = number - 1, published = number - 1";
    house.raw_past_triggers(&format!("{back} WHERE number > 1"));
    let ahead = ["list 1 of 131016", "list 2 of 131016"];
    assert_eq!(faults(), ahead.map(|list| format!("{list}: published is ahead of the store")));
    house.raw_past_triggers(
        "UPDATE revocation_list SET number = number + 1, published = number + 1 WHERE due > 0",
    );
}

/// A place that takes nothing in.
pub(crate) struct Full(pub(crate) Arc<dyn Publication>);

impl Publication for Full {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.0.read(path)
    }

    fn write(&self, _: &str, _: &[u8]) -> Result<(), Problem> {
        Err(Problem::new(&base::labels::STORE_FULL, "on demand"))
    }
}

/// What a crash leaves between a list's record and its files is no fault, and is mended; what was
/// there and is there no more is one.
#[test]
fn a_list_on_its_way_is_no_fault_and_a_lost_one_is() {
    for house in [House::sqlite(), House::postgresql()] {
        let bureau = full(&house);
        let town = authority::profile::Partition::Municipality(crate::house::town(CHIYODA));
        let path = bureau.issuer_of(1).list_path(town);
        let delta = path.replace(".crl", "-delta.crl");
        let read = |path: &str| bureau.place.read(path).unwrap().unwrap();
        let (old, old_delta) = (read(&path), read(&delta));
        // The next list goes on record and no further, as a kill leaves it; two times.
        let full =
            RevocationLists::new(house.platform.clone(), Arc::new(Full(bureau.place.clone())));
        for _ in 0..2 {
            house.clock.pass_hours(25);
            let municipality = Some(crate::house::town(CHIYODA));
            let stopped = full.make(Partition { authority: 1, municipality });
            assert_eq!(stopped.err().map(|problem| problem.label()), Some("store_full"));
            assert_eq!(bureau.faults_of_lists(), [""; 0], "the list before lies there");
        }
        // The one before was there: that it is lost is seen all the same.
        fs::remove_file(bureau.file(&path)).unwrap();
        assert_eq!(bureau.faults_of_lists(), ["list 1 of 131016: not published"]);
        bureau.place.write(&path, &old).unwrap();
        let lists = RevocationLists::new(house.platform.clone(), bureau.place.clone()).at_once();
        assert_eq!(lists.recover(), Ok(1));
        lists.make_due().unwrap();
        assert_eq!(lists.recover(), Ok(0));
        assert_eq!(bureau.faults_of_lists(), [""; 0]);
        // From now on the former ones are old.
        for (path, old) in [(&path, &old), (&delta, &old_delta)] {
            let new = read(path);
            bureau.place.write(path, old).unwrap();
            assert_eq!(
                bureau.faults_of_lists(),
                ["list 1 of 131016: published is behind the store"]
            );
            bureau.place.write(path, &new).unwrap();
        }
        // Killed when the files were in place, and that was still to go on record.
        house.raw_past_triggers("UPDATE revocation_list SET published = published - 1");
        assert_eq!(bureau.faults_of_lists(), [""; 0]);
        assert_eq!(lists.recover(), Ok(0));
        bureau.place.write(&path, &old).unwrap();
        assert_eq!(bureau.faults_of_lists().len(), 1, "it went on record again");
        assert_eq!((lists.recover(), lists.make_due()), (Ok(1), Ok(1)));
        assert_eq!(bureau.faults_of_lists(), [""; 0]);
        assert_eq!(house.faults(), [""; 0]);
    }
}

/// The tables that are damaged, how, and what is said meanwhile. The statements are those that both
/// databases know.
type Damage = (&'static [&'static str], &'static str, &'static [&'static str]);

const DAMAGES: &[Damage] = &[
    (
        &["certification_authority"],
        "UPDATE certification_authority SET algorithm = 'p384' WHERE id = 1",
        &["authority 1: its certificate is another one"],
    ),
    (
        &["certification_authority"],
        "UPDATE certification_authority SET key_label = 'ca-authentication/1' WHERE id = 1",
        &["authority 1: its key is another one"],
    ),
    (
        &["certification_authority"],
        "UPDATE certification_authority SET key_label = 'ca-signature/9' WHERE id = 1",
        &["authority 1: its key is not there"],
    ),
    (
        &["certification_authority"],
        "UPDATE certification_authority SET act = act + 1 WHERE id = 2",
        &["authority 2: no act founded it"],
    ),
    (
        &["delegate"],
        "UPDATE delegate SET certificate = (SELECT certificate FROM kept_delegate \
         WHERE authority = 2) WHERE authority = 1 AND serial = 2",
        &["delegate 1 2: not signed by its authority"],
    ),
    (
        &["delegate"],
        "UPDATE delegate SET not_after = not_after + 1000000 WHERE authority = 2",
        &["delegate 2 2: its certificate is another one"],
    ),
    (
        &["delegate"],
        "UPDATE delegate SET act = act - 1 WHERE authority = 2",
        &["delegate 2 2: no act made it"],
    ),
    (
        &["delegate"],
        "DELETE FROM delegate WHERE authority = 2",
        &[
            "certificate 2 2: missing",
            "acts certificate_issue intended of the platform: not each with its row",
            "acts certificate_issue done of the platform: not each with its row",
        ],
    ),
    (
        &["certificate_intention"],
        "UPDATE certificate_intention SET tbs = (SELECT tbs FROM kept_certificate_intention \
         WHERE authority = 1 AND serial = 7) WHERE authority = 1 AND serial = 4",
        &["certificate 1 4: does not open"],
    ),
    (
        &["certificate_intention"],
        "UPDATE certificate_intention SET not_before = not_before + 1000000 \
         WHERE authority = 1 AND serial = 7",
        &["certificate 1 7: was meant for another time"],
    ),
    (
        &["certificate_intention"],
        "UPDATE certificate_intention SET key_digest = (SELECT key_digest FROM \
         kept_certificate_intention WHERE authority = 2 AND serial = 3) \
         WHERE authority = 1 AND serial = 4",
        &["intentions without their public key: 1", "certificate 1 4: was meant for another key"],
    ),
    (
        &["certificate_intention"],
        "UPDATE certificate_intention SET municipality = 131024 WHERE authority = 1 AND serial = 4",
        &[
            "certificate 1 4: names another list",
            "what ends of 1 in 131016, week 3196: miscounted",
            "what ends of 1 in 131024, week 3196: miscounted",
        ],
    ),
    (
        &["certificate"],
        "UPDATE certificate SET signature = NULL WHERE authority = 1 AND serial = 4",
        &[
            "certificates beside the counts of what ends: -1",
            "certificate 1 4: closed, and not revoked",
            "what ends of 1 in 131016, week 3196: miscounted",
        ],
    ),
    (
        &["certificate_intention"],
        "UPDATE certificate_intention SET act = act - 1 WHERE authority = 1 AND serial = 7",
        &[
            "certificate 1 7: no act allowed it",
            "acts certificate_issue intended of holders: not each with its row",
        ],
    ),
    (
        &["certificate"],
        "UPDATE certificate SET signature = (SELECT signature FROM kept_certificate \
         WHERE authority = 1 AND serial = 5) WHERE authority = 1 AND serial = 4",
        &["certificate 1 4: the signature is not the authority's over what was meant"],
    ),
    (
        &["certificate"],
        "UPDATE certificate SET act = act - 1 WHERE authority = 1 AND serial = 4",
        &[
            "certificate 1 4: no act put it in force",
            "acts certificate_issue intended of holders: not each with its row",
            "acts certificate_issue done of holders: not each with its row",
        ],
    ),
    (
        &["certificate_status"],
        "UPDATE certificate_status SET reason = 1 WHERE state = 2",
        &["certificate 2 4: its reason does not go with its state"],
    ),
    (
        &["certificate_status"],
        "UPDATE certificate_status SET state = 3 WHERE state = 2",
        &["certificate 2 4: no act says how it stands"],
    ),
    (
        &["certificate_status"],
        "UPDATE certificate_status SET changed_at = changed_at - 1 WHERE state = 2",
        &["certificate 2 4: changed before its act"],
    ),
    (
        &["certificate_status"],
        "DELETE FROM certificate_status WHERE authority = 1 AND serial = 5",
        &[
            "revocations beside the counts of what ends: -1",
            "what ends of 1 in 131016, week 3196: miscounted",
            "acts certificate_revoke done of holders: not each with its row",
        ],
    ),
    (
        &["certificate_status"],
        "UPDATE certificate_status SET reason = 4 WHERE authority = 1 AND serial = 6",
        &["certificate 1 6: closed, and not revoked"],
    ),
    (
        &["certificate_status"],
        "INSERT INTO certificate_status \
         (authority, municipality, serial, state, reason, changed_at, not_after, act) \
         VALUES (2, 0, 1, 1, 2, 1, 1, 0)",
        &["certificate 2 1: no act says how it stands"],
    ),
    (
        &["certification_authority"],
        "UPDATE certification_authority SET state = 2 WHERE id = 1",
        &["acts authority_retire done of the platform: not each with its row"],
    ),
    (
        &["revocation_list"],
        "UPDATE revocation_list SET this_update = base_at WHERE authority = 2",
        &["certificate 2 4: no list tells how it stands, and none is due to"],
    ),
    (
        &["revocation_list"],
        "DELETE FROM revocation_list WHERE authority = 2 AND municipality <> 0",
        &["certificate 2 3: there is no list for it", "certificate 2 4: there is no list for it"],
    ),
    (
        &["certificate_expiry"],
        "UPDATE certificate_expiry SET week = week + 1 WHERE authority = 2",
        &[
            "what ends of 2 in 131016, week 3196: miscounted",
            "what ends of 2 in 131016, week 3197: miscounted",
        ],
    ),
    (
        &["certificate_intention", "certificate_open", "certificate_of", "certificate_key"],
        "DELETE FROM certificate_intention WHERE authority = 1 AND serial = 7; \
         DELETE FROM certificate_open; \
         DELETE FROM certificate_of WHERE authority = 1 AND serial = 7; \
         DELETE FROM certificate_key WHERE authority = 1 AND serial = 7",
        &[
            "certificates beside the counts of what ends: -1",
            "what ends of 1 in 131016, week 3196: miscounted",
            "acts certificate_issue intended of holders: not each with its row",
        ],
    ),
];
