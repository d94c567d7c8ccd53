//! Rows of the certification authority: what is written comes back, once and for all.

use crate::certificate_rows::{
    abandoned, authority, certificate, delegate, digest, held, id, intention, issued, ocsp_answer,
    partition, responder, revocation_list, revoked, verifier, week,
};
use crate::harness::{Db, commit, label, look};
use crate::rows::{person, ward};
use base::PersonId;
use ports::rows::{
    AuthorityRow, CertificateId, CertificateStatusRow, Changes, DelegateKey, IntentionHead,
    IntentionRow, Partition, RevocationListRow, StatusCounts, delegate_purpose,
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
