//! Dates in headers (RFC 9110 §5.6.7): written in the one form that is to be written, and read in
//! that form alone. A condition in another form is passed over, which is always safe.

use base::Moment;
use hyper::header::HeaderValue;
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

/// `Sun, 06 Nov 1994 08:49:37 GMT`; `None` outside the years that can be written.
pub(crate) fn write(at: Moment) -> Option<HeaderValue> {
    let at = Timestamp::from_second(at.seconds()).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?;
    HeaderValue::from_str(&text).ok()
}

/// The moment, if it is one.
pub(crate) fn read(value: &HeaderValue) -> Option<Moment> {
    let text = value.to_str().ok().filter(|text| text.ends_with(" GMT"))?;
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Moment::from_us(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let at = Moment::from_us(784_111_777_999_999);
        let written = write(at).unwrap();
        assert_eq!(written, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read(&written).map(Moment::us), Some(784_111_777_000_000));
        for other in ["", "yesterday", "Sun, 06 Nov 1994 08:49:37 +0900", "Sunday, 06-Nov-94 GMT"] {
            assert_eq!(read(&HeaderValue::from_static(other)), None, "{other}");
        }
    }
}
