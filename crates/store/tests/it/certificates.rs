//! What every store must do for the certification authority: each case runs on both databases.

use crate::certificate_rows::{
    abandoned, authority, certificate, delegate, digest, held, id, intention, issued, ocsp_answer,
    partition, released, responder, revocation_list, revoked, two_authorities, verifier, week,
};
use crate::harness::{Db, commit, label, look};
use crate::rows::{person, ward};
use base::{ActId, PersonId};
use ports::rows::{
    AuthorityRow, CertificateId, CertificateStatusRow, Changes, DelegateKey, ExpiryRow,
    IntentionHead, IntentionRow, OcspAnswerRow, OcspKey, Partition, RevocationListRow,
    StatusCounts, VerifierRow, authority_state, delegate_purpose, id_hash, verifier_state,
};

pub(crate) fn an_authority_that_is_not_there_has_an_answer_to_everything(db: &Db) {
    let (one, place) = (id(1, 1), partition(1, Some(0)));
    look(db.store(), |view| {
        assert_eq!(view.authorities()?, []);
        assert_eq!(view.next_serial(1)?, 1);
        assert_eq!(view.intentions(&[one])?, [None]);
        assert_eq!(view.intention_heads(&[one])?, [None]);
        assert_eq!(view.intentions_page(1, 0, 9)?, []);
        assert_eq!(view.intention_heads_page(1, 0, 9)?, []);
        assert_eq!(view.open_intentions(CertificateId::ZERO, 9)?, []);
        assert_eq!(view.certificates(&[one])?, [None]);
        assert_eq!(view.certificates_page(1, 0, 9)?, []);
        assert_eq!(view.certificates_of(&[PersonId(1)])?, [vec![]]);
        assert!(view.certificates_of(&[])?.is_empty());
        assert_eq!(view.key_holders(&[digest(1)])?, [None]);
        assert_eq!(view.key_holders(&[])?, []);
        assert_eq!(view.statuses(&[(Some(ward(0)), one), (None, one)])?, [None, None]);
        assert_eq!(view.statuses_page(place, None, 0, 9)?, []);
        assert_eq!(view.status_counts(place)?, StatusCounts::default());
        assert_eq!(view.next_status_partition(Partition::ZERO)?, None);
        assert_eq!(view.revocation_lists(&[place])?, [None]);
        assert_eq!(view.revocation_lists_page(Partition::ZERO, 9)?, []);
        assert_eq!(view.lists_due(week(9), 9)?, []);
        assert_eq!(view.ocsp_answers(&[ocsp_answer(1, 1).key])?, [None]);
        assert_eq!(view.newest_delegates(1, delegate_purpose::OCSP, 9)?, []);
        assert_eq!(view.delegates_page(DelegateKey::ZERO, 9)?, []);
        assert_eq!(view.verifiers(&["bank".into()])?, [None]);
        assert_eq!(view.verifiers_page("", 9)?, []);
        assert_eq!(view.expiries(1, (0, None), i64::MAX, 9)?, []);
        Ok(())
    });
}

pub(crate) fn every_row_of_an_authority_comes_back_as_it_was_written(db: &Db) {
    let authority_list =
        RevocationListRow { base_number: None, ..revocation_list(partition(1, None), 0) };
    let due = RevocationListRow {
        due: Some(week(5)),
        published: 4,
        ..revocation_list(partition(1, Some(0)), 7)
    };
    let own = CertificateStatusRow { municipality: None, ..revoked(1, 1) };
    let rows = Changes {
        statuses: vec![own, held(1, 2), revoked(1, 3)],
        revocation_lists: vec![authority_list, due],
        ocsp_answers: vec![ocsp_answer(2, 5)],
        delegates: vec![responder(9), delegate(2, delegate_purpose::TIME_STAMP, 2)],
        verifiers: vec![verifier("bank"), verifier("ward")],
        ..issued(3)
    };
    let mut rows = rows;
    rows.certificates[2] = abandoned(1, 4);
    commit(db.store(), &rows).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.authorities()?, rows.authorities);
        let ids: Vec<_> = rows.certificates.iter().map(|row| row.id).collect();
        assert_eq!(view.intentions(&ids)?, there(&rows.intentions));
        assert_eq!(view.intention_heads(&ids)?, there(&heads(&rows.intentions)));
        assert_eq!(view.certificates(&ids)?, there(&rows.certificates));
        let keys: Vec<_> = rows.statuses.iter().map(|row| (row.municipality, row.id)).collect();
        assert_eq!(view.statuses(&keys)?, there(&rows.statuses));
        let keys: Vec<_> = rows.revocation_lists.iter().map(|row| row.partition).collect();
        assert_eq!(view.revocation_lists(&keys)?, there(&rows.revocation_lists));
        assert_eq!(view.ocsp_answers(&[rows.ocsp_answers[0].key])?, there(&rows.ocsp_answers));
        assert_eq!(view.delegates_page(DelegateKey::ZERO, 9)?, rows.delegates);
        assert_eq!(view.verifiers(&["bank".into(), "ward".into()])?, there(&rows.verifiers));
        Ok(())
    });
}

pub(crate) fn serial_numbers_go_on_and_are_used_once(db: &Db) {
    commit(db.store(), &issued(2)).unwrap();
    let next = |authority| look(db.store(), |view| view.next_serial(authority));
    assert_eq!([next(1), next(2), next(3)], [4, 2, 1]);
    let of = |intentions, delegates| Changes { intentions, delegates, ..Changes::default() };
    let new = |serial| intention(1, serial, 9);
    let own = AuthorityRow { serial: 20, ..authority(3) };
    commit(db.store(), &Changes { authorities: vec![own], ..Changes::default() }).unwrap();
    for (passed, why) in [
        (of(vec![new(3)], vec![]), "an intention's"),
        (of(vec![new(1)], vec![]), "the authority's own"),
        (of(vec![new(0)], vec![]), "none"),
        (of(vec![new(u64::MAX)], vec![]), "too large"),
        (of(vec![], vec![responder(3)]), "an intention's, for a delegate"),
        (of(vec![new(5)], vec![responder(5)]), "two at once"),
        (of(vec![intention(3, 20, 9)], vec![]), "another authority's own"),
        (of(vec![new(9), new(2)], vec![]), "one of two"),
    ] {
        assert_eq!(label(commit(db.store(), &passed)), "store_constraint", "{why}");
    }
    // Persons of these are not there, which is told by the check of the whole store.
    let persons = Changes { persons: vec![person(9)], ..Changes::default() };
    commit(db.store(), &persons).unwrap();
    // A delegate's serial number was put aside; others may have passed it meanwhile.
    commit(db.store(), &of(vec![new(7), new(4)], vec![responder(5)])).unwrap();
    commit(db.store(), &of(vec![], vec![responder(6)])).unwrap();
    for taken in [1, 4, 5, 6, 7] {
        let again = commit(db.store(), &of(vec![], vec![responder(taken)]));
        assert_eq!(label(again), "store_constraint", "{taken}");
    }
    assert_eq!([next(1), next(2), next(3)], [8, 2, 21]);
    assert_eq!(label(commit(db.store(), &of(vec![new(6)], vec![]))), "store_constraint");
    commit(db.store(), &of(vec![], vec![responder(11)])).unwrap();
    assert_eq!(label(commit(db.store(), &of(vec![new(8)], vec![]))), "store_constraint");
    assert_eq!(next(1), 12);
}

pub(crate) fn a_case_is_open_until_its_outcome(db: &Db) {
    let rows = issued(4);
    let meant = Changes { certificates: vec![], ..rows.clone() };
    commit(db.store(), &meant).unwrap();
    let open = |after, limit| look(db.store(), |view| view.open_intentions(after, limit));
    let all = [2, 3, 4, 5].map(|serial| id(1, serial));
    assert_eq!(open(CertificateId::ZERO, 9), all);
    assert_eq!(open(id(1, 2), 2), all[1..3]);
    assert_eq!(open(id(1, 5), 2), []);
    let of = |certificates| Changes { certificates, ..Changes::default() };
    commit(db.store(), &of(vec![certificate(1, 3), abandoned(1, 5)])).unwrap();
    assert_eq!(open(CertificateId::ZERO, 9), [all[0], all[2]]);
    for (again, why) in [
        (certificate(1, 3), "a second certificate"),
        (certificate(1, 5), "a certificate of an abandoned case"),
        (abandoned(1, 3), "a certificate taken back"),
        (certificate(1, 6), "what nobody meant"),
        (certificate(2, 2), "another authority's"),
    ] {
        let done = commit(db.store(), &of(vec![certificate(1, 4), again]));
        assert_eq!(label(done), "store_constraint", "{why}");
    }
    assert_eq!(open(CertificateId::ZERO, 9), [all[0], all[2]]);
    commit(db.store(), &of(vec![certificate(1, 4), certificate(1, 2)])).unwrap();
    assert_eq!(open(CertificateId::ZERO, 9), []);
}

pub(crate) fn a_public_key_is_in_one_certificate_only(db: &Db) {
    commit(db.store(), &issued(2)).unwrap();
    let with = |serial, person, key| {
        let mut row = intention(1, serial, person);
        row.head.key_digest = digest(key);
        row
    };
    let first = intention(1, 2, 1).head.key_digest;
    let of = |intentions| Changes { intentions, ..Changes::default() };
    let mut same = intention(1, 4, 2);
    same.head.key_digest = first;
    let mut own = intention(1, 4, 1);
    own.head.key_digest = first;
    let mut elsewhere = intention(2, 2, 1);
    elsewhere.head.key_digest = first;
    for (rows, why) in [
        (vec![same], "another person"),
        (vec![own.clone()], "the same person again"),
        (vec![elsewhere], "another authority"),
        (vec![with(4, 1, 77), with(5, 2, 77)], "two at once"),
    ] {
        assert_eq!(label(commit(db.store(), &of(rows))), "store_constraint", "{why}");
    }
    // A case that was closed without a certificate does not set its key free.
    commit(db.store(), &of(vec![with(4, 1, 77)])).unwrap();
    let closed = Changes { certificates: vec![abandoned(1, 4)], ..Changes::default() };
    commit(db.store(), &closed).unwrap();
    assert_eq!(label(commit(db.store(), &of(vec![with(5, 1, 77)]))), "store_constraint");
    look(db.store(), |view| {
        let asked = [digest(77), digest(5), first];
        assert_eq!(view.key_holders(&asked)?, [Some(id(1, 4)), None, Some(id(1, 2))]);
        assert_eq!(view.next_serial(1)?, 5);
        Ok(())
    });
}

pub(crate) fn certificates_are_found_by_person(db: &Db) {
    commit(db.store(), &issued(3)).unwrap();
    let more = [(2, 2, 2), (1, 6, 2), (2, 3, 1), (1, 5, 1)];
    let intentions = more.map(|(of, serial, person)| intention(of, serial, person)).into();
    commit(db.store(), &Changes { intentions, ..Changes::default() }).unwrap();
    look(db.store(), |view| {
        let persons = [3, 2, 9, 1, 2].map(PersonId);
        let second = vec![id(1, 3), id(1, 6), id(2, 2)];
        let expected =
            [vec![id(1, 4)], second.clone(), vec![], vec![id(1, 2), id(1, 5), id(2, 3)], second];
        assert_eq!(view.certificates_of(&persons)?, expected);
        Ok(())
    });
}

pub(crate) fn pages_of_an_authority(db: &Db) {
    let rows = issued(5);
    commit(db.store(), &rows).unwrap();
    let other = Changes { intentions: vec![intention(2, 2, 1)], ..Changes::default() };
    commit(db.store(), &other).unwrap();
    look(db.store(), |view| {
        assert_eq!(view.intentions_page(1, 0, 9)?, rows.intentions);
        assert_eq!(view.intentions_page(1, 3, 2)?, rows.intentions[2..4]);
        assert_eq!(view.intentions_page(2, 0, 9)?, other.intentions);
        assert_eq!(view.intention_heads_page(1, 0, 9)?, heads(&rows.intentions));
        assert_eq!(view.intention_heads_page(1, 5, 9)?, heads(&rows.intentions[4..]));
        assert_eq!(view.certificates_page(1, 0, 2)?, rows.certificates[..2]);
        assert_eq!(view.certificates_page(1, 4, 9)?, rows.certificates[3..]);
        assert_eq!(view.certificates_page(2, 0, 9)?, []);
        // In the order of the question, with what is absent and what is asked twice.
        let asked = [6, 9, 2, 2].map(|serial| id(1, serial));
        let found = [4, 9, 0, 0].map(|at| rows.intentions.get(at).cloned());
        assert_eq!(view.intentions(&asked)?, found);
        let found = [4, 9, 0, 0].map(|at| rows.certificates.get(at).cloned());
        assert_eq!(view.certificates(&asked)?, found);
        Ok(())
    });
}

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

/// So many at once as a production run commits, found again by everything they are found by.
pub(crate) fn ten_thousand_certificates_at_once(db: &Db) {
    let rows = issued(10_000);
    let meant = Changes { certificates: vec![], ..rows.clone() };
    let signed = Changes { certificates: rows.certificates.clone(), ..Changes::default() };
    commit(db.store(), &meant).unwrap();
    assert_eq!(look(db.store(), |view| view.open_intentions(id(0, 0), 99_999)).len(), 10_000);
    commit(db.store(), &signed).unwrap();
    look(db.store(), |view| {
        let digests: Vec<_> = rows.intentions.iter().map(|row| row.head.key_digest).collect();
        let ids: Vec<_> = rows.intentions.iter().map(|row| row.head.id).collect();
        assert_eq!(view.key_holders(&digests)?, there(&ids));
        let persons: Vec<_> = rows.persons.iter().map(|row| row.id).collect();
        let of: Vec<_> = ids.iter().map(|id| vec![*id]).collect();
        assert_eq!(view.certificates_of(&persons)?, of);
        assert_eq!(view.open_intentions(id(0, 0), 9)?, []);
        assert_eq!(view.next_serial(1)?, 10_002);
        let counted = view.expiries(1, (0, None), i64::MAX, 9)?;
        assert_eq!(counted.iter().map(|row| row.certificates).sum::<u64>(), 10_000);
        Ok(())
    });
}

fn heads(rows: &[IntentionRow]) -> Vec<IntentionHead> {
    rows.iter().map(|row| row.head).collect()
}

fn there<R: Clone>(rows: &[R]) -> Vec<Option<R>> {
    rows.iter().cloned().map(Some).collect()
}
