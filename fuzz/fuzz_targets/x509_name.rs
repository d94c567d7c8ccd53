//! Distinguished names out of any bytes: what is taken keeps its bytes and can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use x509::Name;

fuzz_target!(|data: &[u8]| {
    let Ok(name) = Name::parse(data) else {
        return;
    };
    assert_eq!(name.der(), data);
    let shown = name.to_string();
    assert_eq!(shown.is_empty(), name.is_empty());
    assert!(!shown.contains('\n'));
    let attributes: Vec<_> = name.attributes().collect();
    assert!(attributes.len() >= name.steps().count());
    // Names of our own making are read as they were written.
    let texts = attributes.iter().filter_map(|one| Some((one.oid, one.text()?)));
    if let Ok(again) = Name::new(texts) {
        assert_eq!(Name::parse(again.der()), Ok(again));
    }
});
