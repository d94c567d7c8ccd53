//! What the database refuses to the certification authority, and what is found afterwards.

use crate::certificate_rows::{
    authority, delegate, held, id, intention, issued, ocsp_answer, partition, responder,
    revocation_list, revoked, two_authorities, verifier, week,
};
use crate::harness::{Db, commit, label, look};
use base::{ActId, PersonId};
use ports::rows::{
    AuthorityRow, CertificateStatusRow, Changes, IntentionHead, OcspAnswerRow, RevocationListRow,
    VerifierRow, authority_state,
};

pub(crate) fn an_authority_ends_but_does_not_change(db: &Db) {
    commit(db.store(), &two_authorities()).unwrap();
    let say = |row| commit(db.store(), &Changes { authorities: vec![row], ..Changes::default() });
    let retired = AuthorityRow { state: authority_state::RETIRED, ..authority(1) };
    say(retired.clone()).unwrap();
    for (row, why) in [
        (authority(1), "issues again"),
        (AuthorityRow { kind: 2, ..retired.clone() }, "kind"),
        (AuthorityRow { generation: 7, ..retired.clone() }, "generation"),
        (AuthorityRow { key_label: "other".into(), ..retired.clone() }, "key"),
        (AuthorityRow { algorithm: "p384".into(), ..retired.clone() }, "algorithm"),
        (AuthorityRow { serial: 2, ..retired.clone() }, "serial number"),
        (AuthorityRow { certificate: vec![1], ..retired.clone() }, "certificate"),
        (AuthorityRow { act: ActId(3), ..retired.clone() }, "act"),
    ] {
        assert_eq!(label(say(row)), "store_constraint", "{why}");
    }
    let revoked = AuthorityRow { state: authority_state::REVOKED, ..authority(2) };
    say(revoked.clone()).unwrap();
    assert_eq!(look(db.store(), |view| view.authorities()), [retired, revoked]);
}

pub(crate) fn each_check_of_the_authority_holds(db: &Db) {
    commit(db.store(), &issued(1)).unwrap();
    let none = Changes::default;
    let mut bad: Vec<Changes> = Vec::new();
    for change in [
        (|row| row.id = 0) as fn(&mut AuthorityRow),
        |row| row.id = 1 << 15,
        |row| row.kind = 3,
        |row| row.generation = 0,
        |row| row.serial = 0,
        |row| row.state = 0,
        |row| row.state = 4,
    ] {
        let mut row = authority(3);
        change(&mut row);
        bad.push(Changes { authorities: vec![row], ..none() });
    }
    for change in [
        (|row| row.id = id(7, 1)) as fn(&mut IntentionHead),
        |row| row.id = id(1, 1 << 48),
        |row| row.person = PersonId(0),
        |row| row.not_after = week(-1),
    ] {
        let mut row = intention(1, 3, 1);
        change(&mut row.head);
        bad.push(Changes { intentions: vec![row], ..none() });
    }
    for change in [
        (|row| row.state = 0) as fn(&mut CertificateStatusRow),
        |row| row.state = 4,
        |row| row.reason = -1,
        |row| row.reason = 7,
        |row| row.reason = 11,
    ] {
        let mut row = held(1, 2);
        change(&mut row);
        bad.push(Changes { statuses: vec![row], ..none() });
    }
    for change in [
        (|row| row.key.id_hash = 3) as fn(&mut OcspAnswerRow),
        |row| row.key.id.serial = 0,
        |row| row.this_update = week(99),
    ] {
        let mut row = ocsp_answer(2, 5);
        change(&mut row);
        bad.push(Changes { ocsp_answers: vec![row], ..none() });
    }
    let list = revocation_list(partition(1, None), 2);
    let none_yet = RevocationListRow { base_number: Some(0), ..list };
    bad.push(Changes { revocation_lists: vec![none_yet], ..none() });
    bad.push(Changes { delegates: vec![delegate(1, 3, 9)], ..none() });
    bad.push(Changes { delegates: vec![delegate(7, 1, 9)], ..none() });
    for change in
        [(|row| row.kind = 0) as fn(&mut VerifierRow), |row| row.state = 0, |row| row.state = 4]
    {
        let mut row = verifier("bank");
        change(&mut row);
        bad.push(Changes { verifiers: vec![row], ..none() });
    }
    for changes in bad {
        assert_eq!(label(commit(db.store(), &changes)), "store_constraint", "{changes:?}");
    }
}

pub(crate) fn the_database_itself_keeps_what_the_authority_did(db: &Db) {
    let rows = Changes {
        statuses: vec![revoked(1, 2), held(1, 3)],
        revocation_lists: vec![revocation_list(partition(1, None), 4)],
        delegates: vec![responder(9)],
        ..issued(2)
    };
    commit(db.store(), &rows).unwrap();
    let mut refused = vec![
        "UPDATE certification_authority SET key_label = 'x' WHERE id = 1",
        "UPDATE certification_authority SET state = 0 WHERE id = 1",
        "DELETE FROM certification_authority WHERE id = 2",
        "UPDATE certificate_intention SET tbs = tbs",
        "DELETE FROM certificate_intention WHERE serial = 2",
        "UPDATE certificate SET signature = NULL",
        "DELETE FROM certificate",
        "UPDATE certificate_of SET person = 9",
        "DELETE FROM certificate_of",
        "UPDATE certificate_key SET serial = 9",
        "DELETE FROM certificate_key",
        "UPDATE certificate_status SET state = 3 WHERE serial = 2",
        "UPDATE certificate_status SET invalid_from = NULL WHERE serial = 2",
        "UPDATE certificate_status SET serial = 9 WHERE serial = 3",
        "UPDATE certificate_status SET not_after = 9 WHERE serial = 3",
        "DELETE FROM certificate_status WHERE serial = 3",
        "UPDATE revocation_list SET number = 3",
        "UPDATE revocation_list SET base_number = NULL",
        "UPDATE revocation_list SET authority = 2",
        "DELETE FROM revocation_list",
        "UPDATE delegate SET not_after = 0",
        "DELETE FROM delegate",
    ];
    refused.extend(if db.is_sqlite() {
        vec!["REPLACE INTO delegate SELECT * FROM delegate"]
    } else {
        vec![
            "TRUNCATE certificate_intention, certificate",
            "TRUNCATE certificate",
            "TRUNCATE certificate_of",
            "TRUNCATE certificate_key",
            "TRUNCATE certificate_status",
            "TRUNCATE revocation_list",
            "TRUNCATE delegate",
        ]
    });
    for sql in refused {
        let said = db.raw(sql).expect_err(sql);
        assert!(said.contains("final"), "{sql}: {said}");
    }
    db.raw("UPDATE certificate_status SET state = 3 WHERE serial = 3").unwrap();
    db.raw("UPDATE revocation_list SET due = 7").unwrap();
    look(db.store(), |view| {
        assert_eq!(view.intentions_page(1, 0, 9)?, rows.intentions);
        assert_eq!(view.certificates_page(1, 0, 9)?, rows.certificates);
        assert_eq!(view.authorities()?, rows.authorities);
        Ok(())
    });
}

/// What is done past the store to the tables beside the intentions is named.
pub(crate) fn what_hangs_on_intentions_is_held_against_them(db: &Db) {
    let rows = Changes { statuses: vec![revoked(1, 2)], ..issued(3) };
    commit(db.store(), &rows).unwrap();
    let stranger = if db.is_sqlite() { "x'0f'" } else { "'\\x0f'" };
    let harm = [
        ("INSERT INTO certificate_of VALUES (9, 1, 9)", "persons without their intention: 1"),
        ("INSERT INTO certificate_key VALUES ($, 1, 9)", "public keys without their intention: 1"),
        ("INSERT INTO certificate_open VALUES (1, 2)", "closed cases that are open: 1"),
        ("", "intentions neither open nor closed: -1"),
        (
            "INSERT INTO certificate_status VALUES (1, 131016, 77, 2, 6, 0, NULL, 0, 0)",
            "statuses of no certificate: 1",
        ),
        ("INSERT INTO delegate VALUES (1, 1, 3, '', 0, $, 0)", "serial numbers given twice: 1"),
        (
            "UPDATE certificate_expiry SET certificates = 5",
            "certificates beside the counts of what ends: -2",
        ),
        (
            "UPDATE certificate_expiry SET revoked = 0",
            "revocations beside the counts of what ends: 1",
        ),
    ];
    for (sql, _) in harm {
        db.raw(&sql.replace('$', stranger)).unwrap();
    }
    let found = db.store().check_integrity().unwrap();
    assert_eq!(found, harm.map(|(_, fault)| fault));
}

/// A person whose certificate it is must be there: the whole store's check tells.
pub(crate) fn an_intention_for_nobody_is_found(db: &Db) {
    let changes = Changes { persons: vec![], ..issued(1) };
    commit(db.store(), &changes).unwrap();
    let found = db.store().check_integrity().unwrap();
    assert_eq!(found, ["intentions without their person: 1"]);
}
