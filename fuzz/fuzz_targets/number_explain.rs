//! The explained check digit against the checked one: an explanation agrees exactly with what the
//! number's own gate says, and its table adds up. The first byte picks the family.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numbers::{
    CorporateNumber, Family, Fault, IndividualNumber, LocalGovernmentCode, ResidentRecordCode,
    explain,
};

fuzz_target!(|data: &[u8]| {
    let Some((pick, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let family = Family::ALL[usize::from(*pick) % Family::ALL.len()];
    let fault = match family {
        Family::IndividualNumber => IndividualNumber::parse_lenient(text).err(),
        Family::ResidentRecordCode => ResidentRecordCode::parse_lenient(text).err(),
        Family::CorporateNumber => CorporateNumber::parse_lenient(text).err(),
        Family::LocalGovernmentCode => LocalGovernmentCode::parse_lenient(text).err(),
    }
    .map(|refusal| refusal.fault);
    let explanation = match explain(family, text) {
        Ok(explanation) => explanation,
        Err(refusal) => {
            assert_eq!(Some(refusal.fault), fault);
            return;
        }
    };
    let sum: u32 = explanation.steps.iter().map(|step| u32::from(step.product)).sum();
    assert_eq!(explanation.sum, sum);
    assert_eq!(explanation.remainder, sum % explanation.modulus);
    assert_eq!(explanation.steps.len(), family.weights().len());
    let payload: String = explanation.steps.iter().map(|step| step.digit.to_string()).collect();
    assert_eq!(family.check_digit(&payload), Ok(explanation.check_digit));
    match explanation.agrees() {
        Some(true) => assert!(fault.is_none() || fault == Some(Fault::Prefecture)),
        Some(false) => assert_eq!(fault, Some(Fault::CheckDigit)),
        None => assert!(matches!(fault, Some(Fault::Length { .. }))),
    }
});
