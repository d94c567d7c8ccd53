//! Requests for time stamps, time stamps and what they hold, out of any bytes: a request and a
//! TSTInfo that are taken are written as they were read, but for what may be said in two ways.
#![no_main]

use libfuzzer_sys::fuzz_target;
use x509::{TimeStamp, TimeStampInfo, TimeStampRequest};

fuzz_target!(|data: &[u8]| {
    match TimeStampRequest::parse(data) {
        Ok(request) => {
            let written = request.encode();
            assert_eq!(TimeStampRequest::parse(&written), Ok(request));
        }
        Err(refusal) => {
            let response = refusal.failure().response(refusal.label());
            let told = TimeStamp::parse(&response).expect_err("a refusal");
            assert_eq!(told.label(), "time_stamp_rejected");
        }
    }
    if let Ok(info) = TimeStampInfo::parse(data) {
        let written = info.encode();
        assert_eq!(TimeStampInfo::parse(&written), Ok(info));
    }
    if let Ok(stamp) = TimeStamp::parse(data) {
        assert!(stamp.certificates().len() <= data.len());
    }
});
