//! Packed fields out of any bytes: only what packing writes is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal::fields::{pack, read, unpack, unpack_exactly};

fuzz_target!(|data: &[u8]| {
    let fields = unpack(data);
    if let Ok(fields) = &fields {
        let texts: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        assert_eq!(pack(&texts)[..], *data);
    }
    let count = fields.as_ref().map(Vec::len);
    assert_eq!(unpack_exactly::<3>(data).is_ok(), count == Ok(3));
    if let Ok(reader) = read(data) {
        let read: Vec<_> = reader.collect();
        let refused = read.iter().filter(|field| field.is_err()).count();
        assert!(refused <= 1 && (refused == 0) == fields.is_ok());
    } else {
        assert!(fields.is_err());
    }
});
