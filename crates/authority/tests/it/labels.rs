//! Every refusal of the crate stands in the one table of labels.

use base::labels;
use sekisho_authority::{
    OfficeSuffix, certificate::Refusal, revocation_list::ListRefusal, substitution::TextRefusal,
    verifier, verifier::consent::ConsentRefusal,
};

#[test]
fn every_label_is_in_the_table() {
    let mut used: Vec<_> = Refusal::ALL.map(Refusal::label).into();
    used.extend(TextRefusal::ALL.map(TextRefusal::label));
    used.push(ListRefusal::ClockBehind.label());
    used.push("".parse::<OfficeSuffix>().unwrap_err().label());
    used.extend(verifier::Refusal::ALL.map(verifier::Refusal::label));
    used.extend(ConsentRefusal::ALL.map(ConsentRefusal::label));
    for label in used {
        assert!(labels::find(label).is_some(), "{label}");
    }
}
