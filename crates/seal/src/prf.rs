//! HMAC-SHA-256 under one key for several uses, told apart by a domain word.

use aws_lc_rs::hmac;

/// A key made ready.
pub(crate) struct Prf(hmac::Key);

impl Prf {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// HMAC over domain ‖ 0 ‖ rest. No domain holds a zero byte, so no two messages meet.
    pub(crate) fn mac(&self, domain: &[u8], rest: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(domain);
        context.update(&[0]);
        context.update(rest);
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}
