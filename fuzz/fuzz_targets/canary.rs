//! The test of the alarm: fails on six letters that only a search guided by coverage finds. The
//! smoke run is wrong if this target comes through.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.iter();
    for letter in b"canary" {
        match bytes.next() {
            Some(byte) if byte == letter => {}
            _ => return,
        }
    }
    panic!("the canary sings");
});
