//! Whose events change a municipality's set: its own alone. Who keeps a set for a while need look
//! at its own feed only.

use base::Date;
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use proptest::collection::vec;
use proptest::prelude::*;
use sekisho_registry::resident::{Resident, Status, decide};
use sekisho_registry::{EventKind, FeedMessage, ResidentEvent, ResidentRecord};
use std::collections::BTreeMap;

fn town(n: u32) -> LocalGovernmentCode {
    LocalGovernmentCode::from_five_u32(13_101 + n).unwrap()
}

fn record(address: u64) -> ResidentRecord {
    let line = serde_json::json!({
        "municipality": "131016", "sequence": 1, "event": "move_in", "event_date": "2026-03-01",
        "name": "山田　太郎", "name_kana": "ヤマダ　タロウ", "birth_date": "1990-04-01", "sex": "male",
        "postal_code": "1000013", "address": format!("一丁目{address}番"),
    });
    FeedMessage::from_json_value(&line).unwrap().event.record.unwrap()
}

/// Who is registered where, with which record.
fn sets(people: &BTreeMap<u64, Resident>) -> BTreeMap<(LocalGovernmentCode, u64), Vec<u8>> {
    let registered = people.iter().filter(|(_, one)| one.status == Status::Registered);
    let entry = |(person, one): (&u64, &Resident)| {
        let record = one.record.as_ref().unwrap().canonical_bytes().to_vec();
        ((one.municipality, *person), record)
    };
    registered.map(entry).collect()
}

proptest! {
    #[test]
    fn an_event_changes_the_set_of_its_sender_and_no_other(
        events in vec((0..3_u32, 0..EventKind::ALL.len(), 0..3_u64, 0..4_u64), 1..60),
    ) {
        let mut people: BTreeMap<u64, Resident> = BTreeMap::new();
        for (by, kind, person, address) in events {
            let (by, kind) = (town(by), EventKind::ALL[kind]);
            let on = Date::constant(2026, 3, 1);
            let code = ResidentRecordCode::from_payload(person).unwrap();
            let record = (kind.needs_record() || address == 0).then(|| record(address));
            let event = ResidentEvent { kind, on, code: Some(code), record };
            let before = sets(&people);
            let Ok(decision) = decide(people.get(&person), &event, by, on) else { continue };
            people.insert(person, decision.apply(people.get(&person).cloned()));
            let after = sets(&people);
            let of_others = |sets: &BTreeMap<(LocalGovernmentCode, u64), Vec<u8>>| {
                let others = sets.iter().filter(|((of, _), _)| *of != by);
                others.map(|(key, record)| (*key, record.clone())).collect::<Vec<_>>()
            };
            prop_assert_eq!(of_others(&before), of_others(&after));
        }
    }
}
