//! What holds of certificates and what tells of it: statuses, lists, answers, delegates, verifiers
//! and what ends when.

use crate::certificate_rows::{
    abandoned, certificate, delegate, held, id, intention, issued, ocsp_answer, partition,
    released, responder, revocation_list, revoked, two_authorities, verifier, week,
};
use crate::harness::{Db, commit, label, look};
use crate::rows::ward;
use base::ActId;
use ports::rows::{
    CertificateStatusRow, Changes, DelegateKey, ExpiryRow, OcspAnswerRow, OcspKey, Partition,
    RevocationListRow, StatusCounts, VerifierRow, delegate_purpose, id_hash, verifier_state,
};

pub(crate) fn statuses_by_partition(db: &Db) {
    let mut rows = issued(6);
    rows.intentions[4].head.municipality = ward(1);
    rows.intentions.push(intention(2, 2, 1));
    let elsewhere = [CertificateStatusRow { municipality: Some(ward(1)), ..revoked(1, 6) }];
    let own = [CertificateStatusRow { municipality: None, ..revoked(1, 1) }];
    // Changed long after all of them had ended, in week 260.
    let late = CertificateStatusRow { changed_at: week(300), ..revoked(1, 2) };
    rows.statuses = vec![
        revoked(1, 5),
        own[0].clone(),
        held(1, 3),
        elsewhere[0].clone(),
        late.clone(),
        held(2, 2),
        released(1, 4),
    ];
    commit(db.store(), &rows).unwrap();
    let here = [late, held(1, 3), released(1, 4), revoked(1, 5)];
    let place = |of| partition(1, of);
    look(db.store(), |view| {
        assert_eq!(view.statuses_page(place(Some(0)), None, 0, 9)?, here);
        assert_eq!(view.statuses_page(place(Some(0)), None, 2, 2)?, here[1..3]);
        for (over, left) in [(260, &here[..]), (261, &here[..1]), (299, &here[..1]), (300, &[])] {
            let page = view.statuses_page(place(Some(0)), Some(week(over)), 0, 9)?;
            assert_eq!(page, left, "{over}");
        }
        let after = view.statuses_page(place(Some(0)), Some(week(260)), 3, 1)?;
        assert_eq!(after, here[2..3]);
        assert_eq!(view.statuses_page(place(Some(1)), None, 0, 9)?, elsewhere);
        assert_eq!(view.statuses_page(place(None), None, 0, 9)?, own);
        assert_eq!(view.statuses_page(place(Some(2)), None, 0, 9)?, []);
        let counts = StatusCounts { revoked: 2, held: 1, released: 1 };
        assert_eq!(view.status_counts(place(Some(0)))?, counts);
        let asked = [(Some(ward(1)), id(1, 5)), (Some(ward(0)), id(1, 5)), (None, id(1, 1))];
        let found = [None, Some(revoked(1, 5)), Some(own[0].clone())];
        assert_eq!(view.statuses(&asked)?, found);
        let mut partitions = Vec::new();
        let mut after = Partition::ZERO;
        while let Some(next) = view.next_status_partition(after)? {
            partitions.push(next);
            after = next;
        }
        let first = [None, Some(0), Some(1)].map(place);
        assert_eq!(partitions, [&first[..], &[partition(2, Some(0))]].concat());
        Ok(())
    });
}

pub(crate) fn a_revocation_is_final_and_a_hold_is_not(db: &Db) {
    commit(db.store(), &issued(2)).unwrap();
    let say = |row| commit(db.store(), &Changes { statuses: vec![row], ..Changes::default() });
    for row in [held(1, 2), released(1, 2), held(1, 2), revoked(1, 2), revoked(1, 2)] {
        say(row).unwrap();
    }
    let last = revoked(1, 2);
    for (row, why) in [
        (held(1, 2), "held again"),
        (released(1, 2), "released"),
        (CertificateStatusRow { reason: 4, ..last.clone() }, "another reason"),
        (CertificateStatusRow { changed_at: week(9), ..last.clone() }, "another time"),
        (CertificateStatusRow { invalid_from: None, ..last.clone() }, "no longer invalid before"),
        (CertificateStatusRow { act: ActId(99), ..last.clone() }, "another act"),
        (CertificateStatusRow { not_after: week(9), ..held(1, 3) }, "another end"),
        (CertificateStatusRow { municipality: Some(ward(1)), ..held(1, 3) }, "another list"),
        (CertificateStatusRow { municipality: None, ..held(1, 3) }, "the list of authorities"),
        (held(1, 4), "what nobody meant"),
        (held(2, 2), "another authority's"),
        (CertificateStatusRow { municipality: None, ..held(7, 1) }, "of no authority"),
    ] {
        assert_eq!(label(say(row)), "store_constraint", "{why}");
    }
    let place = partition(1, Some(0));
    assert_eq!(look(db.store(), |view| view.statuses_page(place, None, 0, 9)), [last]);
}

pub(crate) fn lists_go_forward(db: &Db) {
    commit(db.store(), &two_authorities()).unwrap();
    let place = partition(1, Some(3));
    let say = |row: &RevocationListRow| {
        let revocation_lists = vec![row.clone()];
        commit(db.store(), &Changes { revocation_lists, ..Changes::default() })
    };
    let first = revocation_list(place, 4);
    say(&first).unwrap();
    let due = RevocationListRow { due: Some(week(6)), ..first.clone() };
    say(&due).unwrap();
    for (row, why) in [
        (revocation_list(place, 3), "back"),
        (RevocationListRow { this_update: week(3), ..first.clone() }, "signed twice"),
        (RevocationListRow { next_update: week(9), ..first.clone() }, "ends later"),
        (RevocationListRow { base_number: None, ..first.clone() }, "another base"),
        (RevocationListRow { base_number: Some(6), ..revocation_list(place, 5) }, "base ahead"),
        (RevocationListRow { this_update: week(7), ..revocation_list(place, 5) }, "ends before"),
        (revocation_list(partition(3, None), 1), "of no authority"),
        (RevocationListRow { published: 5, ..first.clone() }, "published before it was made"),
    ] {
        assert_eq!(label(say(&row)), "store_constraint", "{why}");
    }
    assert_eq!(look(db.store(), |view| view.revocation_lists(&[place])), [Some(due)]);
    let full = RevocationListRow { base_number: Some(5), ..revocation_list(place, 5) };
    say(&full).unwrap();
    let placed = RevocationListRow { published: 5, ..full.clone() };
    say(&placed).unwrap();
    assert_eq!(label(say(&full)), "store_constraint", "what was published is not taken back");
    assert_eq!(look(db.store(), |view| view.revocation_lists(&[place])), [Some(placed)]);
}

pub(crate) fn lists_that_are_due(db: &Db) {
    let list = |of: Option<u32>, due: Option<i64>| RevocationListRow {
        due: due.map(week),
        ..revocation_list(partition(1, of), 1)
    };
    let rows = vec![
        list(None, Some(8)),
        list(Some(0), Some(5)),
        list(Some(1), None),
        list(Some(2), Some(3)),
        list(Some(3), Some(5)),
    ];
    let changes = Changes { revocation_lists: rows.clone(), ..two_authorities() };
    commit(db.store(), &changes).unwrap();
    let at = |places: &[usize]| places.iter().map(|at| rows[*at].clone()).collect::<Vec<_>>();
    look(db.store(), |view| {
        assert_eq!(view.lists_due(week(2), 9)?, []);
        assert_eq!(view.lists_due(week(5), 9)?, at(&[3, 1, 4]));
        assert_eq!(view.lists_due(week(99), 2)?, at(&[3, 1]));
        assert_eq!(view.lists_due(week(99), 9)?, at(&[3, 1, 4, 0]));
        assert_eq!(view.revocation_lists_page(Partition::ZERO, 9)?, rows);
        assert_eq!(view.revocation_lists_page(partition(1, None), 2)?, rows[1..3]);
        assert_eq!(view.revocation_lists_page(partition(1, Some(3)), 2)?, []);
        let asked = [partition(2, None), partition(1, Some(2))];
        assert_eq!(view.revocation_lists(&asked)?, [None, Some(rows[3].clone())]);
        Ok(())
    });
    let done = Changes { revocation_lists: vec![list(Some(2), None)], ..Changes::default() };
    commit(db.store(), &done).unwrap();
    assert_eq!(look(db.store(), |view| view.lists_due(week(5), 9)), at(&[1, 4]));
}

pub(crate) fn kept_answers_are_replaced_and_forgotten(db: &Db) {
    let sha1 = |row: &OcspAnswerRow| OcspAnswerRow {
        key: OcspKey { id_hash: id_hash::SHA1, ..row.key },
        ..row.clone()
    };
    let rows: Vec<_> = [(7, 3), (5, 4), (6, 4), (5, 9)].map(|(n, end)| ocsp_answer(n, end)).into();
    let first = vec![rows[0].clone(), rows[1].clone(), sha1(&rows[1]), rows[2].clone()];
    let keep = |ocsp_answers| {
        commit(db.store(), &Changes { ocsp_answers, ..Changes::default() }).unwrap();
    };
    keep(first);
    keep(vec![rows[3].clone()]);
    let found = |asked: &[OcspKey]| look(db.store(), |view| view.ocsp_answers(asked));
    let keys = [rows[1].key, rows[0].key, sha1(&rows[1]).key, rows[2].key];
    let all = [&rows[3], &rows[0], &sha1(&rows[1]), &rows[2]].map(|row| Some(row.clone()));
    assert_eq!(found(&keys), all);
    let forget = |before, limit| {
        let mut forgotten = 0;
        let done = db.store().transact("test", &mut |tx| {
            forgotten = tx.forget_ocsp_answers(week(before), limit)?;
            Ok(())
        });
        done.unwrap();
        forgotten
    };
    assert_eq!(forget(3, 9), 0);
    assert_eq!(forget(5, 2), 2);
    assert_eq!(found(&keys), [Some(rows[3].clone()), None, None, Some(rows[2].clone())]);
    assert_eq!(forget(5, 9), 1);
    assert_eq!(forget(5, 9), 0);
    assert_eq!(found(&keys), [Some(rows[3].clone()), None, None, None]);
}

pub(crate) fn delegates_and_verifiers(db: &Db) {
    let stamps = [delegate(1, delegate_purpose::TIME_STAMP, 4)];
    let rows = [responder(2), responder(3), responder(9)];
    let delegates = [&rows[..], &stamps, &[delegate(2, 1, 2)]].concat();
    let verifiers = ["bank", "court", "ward"].map(verifier).to_vec();
    let changes = Changes { delegates: delegates.clone(), verifiers, ..two_authorities() };
    commit(db.store(), &changes).unwrap();
    let ended = VerifierRow { state: verifier_state::ENDED, act: ActId(8), ..verifier("court") };
    let end = Changes { verifiers: vec![ended.clone()], ..Changes::default() };
    commit(db.store(), &end).unwrap();
    let again = Changes { delegates: vec![responder(9)], ..Changes::default() };
    assert_eq!(label(commit(db.store(), &again)), "store_constraint");
    look(db.store(), |view| {
        let newest = [rows[2].clone(), rows[1].clone()];
        assert_eq!(view.newest_delegates(1, delegate_purpose::OCSP, 2)?, newest);
        let stamp = view.newest_delegates(1, delegate_purpose::TIME_STAMP, 2)?;
        assert_eq!(stamp, stamps);
        assert_eq!(view.delegates_page(DelegateKey::ZERO, 9)?, delegates);
        assert_eq!(view.delegates_page(rows[1].key, 2)?, delegates[2..4]);
        let asked = ["ward", "nobody", "court"].map(str::to_owned);
        assert_eq!(view.verifiers(&asked)?, [Some(verifier("ward")), None, Some(ended.clone())]);
        let page = view.verifiers_page("bank", 9)?;
        assert_eq!(page, [ended.clone(), verifier("ward")]);
        assert_eq!(view.verifiers_page("", 1)?, [verifier("bank")]);
        Ok(())
    });
}

pub(crate) fn what_ends_when_and_where_is_counted(db: &Db) {
    let mut rows = Changes { certificates: vec![], ..issued(6) };
    // Serial numbers 2, 3 and 4 end in one week; the end of the week counts, as its begin does.
    for (at, (of, ends)) in
        [(0, 10), (0, 10), (1, 10), (0, 11), (2, 12), (0, 12)].into_iter().enumerate()
    {
        rows.intentions[at].head.municipality = ward(of);
        rows.intentions[at].head.not_after = week(ends);
    }
    rows.intentions[1].head.not_after = week(11).plus_us(-1);
    commit(db.store(), &rows).unwrap();
    let counts = || look(db.store(), |view| view.expiries(1, (0, None), i64::MAX, 99));
    // Weeks are counted from the one of 1970-01-01, the helper's from the first Monday after it.
    let row = |week: i64, of, certificates, revoked| ExpiryRow {
        authority: 1,
        week: week + 1,
        municipality: ward(of),
        certificates,
        revoked,
    };
    let all = [row(10, 0, 2, 0), row(10, 1, 1, 0), row(11, 0, 1, 0), row(12, 0, 1, 0)];
    assert_eq!(counts(), [&all[..], &[row(12, 2, 1, 0)]].concat());
    look(db.store(), |view| {
        assert_eq!(view.expiries(1, (11, Some(ward(0))), 12, 9)?, all[1..3]);
        assert_eq!(view.expiries(1, (11, Some(ward(0))), 12, 1)?, all[1..2]);
        assert_eq!(view.expiries(1, (12, None), 12, 9)?, all[2..3]);
        assert_eq!(view.expiries(2, (0, None), 99, 9)?, []);
        Ok(())
    });
    let of = |row: CertificateStatusRow, ends| CertificateStatusRow { not_after: ends, ..row };
    let first = Changes {
        certificates: vec![abandoned(1, 5), certificate(1, 2)],
        statuses: vec![of(revoked(1, 2), week(10)), of(held(1, 3), week(11).plus_us(-1))],
        ..Changes::default()
    };
    commit(db.store(), &first).unwrap();
    let mut left = vec![row(10, 0, 2, 1), all[1], row(11, 0, 0, 0), all[3], row(12, 2, 1, 0)];
    assert_eq!(counts(), left);
    // The same revocation again, that of a case without a certificate, and one that comes to be
    // without one: none is a certificate that was to end and does not.
    let then = Changes {
        certificates: vec![abandoned(1, 7)],
        statuses: vec![
            of(revoked(1, 2), week(10)),
            of(revoked(1, 5), week(11)),
            of(held(1, 7), week(12)),
            of(revoked(1, 7), week(12)),
        ],
        ..Changes::default()
    };
    commit(db.store(), &then).unwrap();
    left[3] = row(12, 0, 0, 0);
    assert_eq!(counts(), left);
    let status = CertificateStatusRow { municipality: Some(ward(1)), ..revoked(1, 4) };
    let revoke = Changes { statuses: vec![of(status, week(10))], ..Changes::default() };
    commit(db.store(), &revoke).unwrap();
    commit(db.store(), &Changes { certificates: vec![abandoned(1, 4)], ..Changes::default() })
        .unwrap();
    left[1] = row(10, 1, 0, 0);
    assert_eq!(counts(), left);
}
