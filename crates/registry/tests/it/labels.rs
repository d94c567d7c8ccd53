//! Every refusal of the crate stands in the one table of labels.

use base::labels;
use sekisho_registry::{
    EventKind, PostalCode, Sex,
    resident::{LeakReason, Refusal},
    sequence::SequenceRefusal,
    set_digest::{ExchangeRefusal, Prefix, QuestionRefusal},
};

#[test]
fn every_label_is_in_the_table() {
    let mut used: Vec<_> = Refusal::ALL.map(Refusal::label).into();
    used.extend(QuestionRefusal::ALL.map(QuestionRefusal::label));
    used.extend([
        "".parse::<Sex>().unwrap_err().label(),
        "".parse::<PostalCode>().unwrap_err().label(),
        "".parse::<EventKind>().unwrap_err().label(),
        "".parse::<LeakReason>().unwrap_err().label(),
        "x".parse::<Prefix>().unwrap_err().label(),
        ExchangeRefusal::NotAsked.label(),
        ExchangeRefusal::Contradiction.label(),
        SequenceRefusal::Zero.label(),
        SequenceRefusal::RepeatDiffers.label(),
        SequenceRefusal::TooFarAhead.label(),
        SequenceRefusal::WaitingFull.label(),
    ]);
    for label in used {
        assert!(labels::find(label).is_some(), "{label}");
    }
}
