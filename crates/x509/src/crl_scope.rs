//! Which certificates a revocation list of anybody is about: its issuingDistributionPoint (RFC 5280
//! §5.2.5), read without copying.
//!
//! Says what stands there. Whether it is the scope of a certificate is for the path validation.

use crate::decode::{self, DerFault, Reader};
use crate::encode::tag;
use crate::fields::{DIRECTORY_NAME, URI, all_whole};

/// What an issuingDistributionPoint says (RFC 5280 §5.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CrlScopeView<'a> {
    /// The value of the extension.
    pub(crate) value: &'a [u8],
    /// The contents of fullName.
    pub(crate) full_names: Option<&'a [u8]>,
    /// The contents of nameRelativeToCRLIssuer.
    pub relative_name: Option<&'a [u8]>,
    /// onlyContainsUserCerts.
    pub end_entities_only: bool,
    /// onlyContainsCACerts.
    pub authorities_only: bool,
    /// onlySomeReasons: ReasonFlags from the top bit, which is unused.
    pub some_reasons: Option<u16>,
    /// indirectCRL: certificates of other issuers stand on it.
    pub indirect: bool,
    /// onlyContainsAttributeCerts.
    pub attributes_only: bool,
}

/// One name of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PointName<'a> {
    /// A Name in DER.
    Directory(&'a [u8]),
    /// An address, as its bytes.
    Uri(&'a [u8]),
    /// A GeneralName of another kind in DER.
    Other(&'a [u8]),
}

impl<'a> CrlScopeView<'a> {
    /// Reads the value of the extension.
    pub(crate) fn parse(value: &'a [u8]) -> Result<Self, DerFault> {
        let mut inner = Reader::new(Reader::only(value, tag::SEQUENCE)?);
        let mut out = Self { value, ..Self::default() };
        if let Some(point) = inner.optional(tag::constructed(0))? {
            let mut point = Reader::new(point);
            out.full_names = point.optional(tag::constructed(0))?;
            match out.full_names {
                None => out.relative_name = Some(point.take(tag::constructed(1))?),
                Some([]) => return Err(DerFault::Value),
                Some(names) => all_whole(names)?,
            }
            point.end()?;
        }
        out.end_entities_only = inner.flag_as(tag::context(1))?;
        out.authorities_only = inner.flag_as(tag::context(2))?;
        let reasons = inner.optional(tag::context(3))?;
        out.some_reasons = reasons.map(decode::named_bits).transpose()?;
        out.indirect = inner.flag_as(tag::context(4))?;
        out.attributes_only = inner.flag_as(tag::context(5))?;
        inner.end()?;
        Ok(out)
    }

    /// The full names of the point.
    pub fn names(&self) -> impl Iterator<Item = PointName<'a>> + use<'a> {
        let mut rest = Reader::new(self.full_names.unwrap_or_default());
        std::iter::from_fn(move || {
            let name = rest.any().ok()?;
            Some(match name.tag {
                DIRECTORY_NAME => PointName::Directory(name.contents),
                URI => PointName::Uri(name.contents),
                _ => PointName::Other(name.whole),
            })
        })
    }

    /// Whether it is about a point of any name, full or relative.
    pub const fn is_named(&self) -> bool {
        self.full_names.is_some() || self.relative_name.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_one_form() {
        let read = |value: &[u8]| CrlScopeView::parse(value).map(|scope| scope.some_reasons);
        // keyCompromise and cACompromise of one point by an address.
        let sound = [0x30, 12, 0xa0, 6, 0xa0, 4, URI, 2, b'a', b':', 0x83, 2, 5, 0x60];
        assert_eq!(read(&sound), Ok(Some(0x6000)));
        for wrong in [
            &[0x30, 4, 0xa0, 2, 0xa0, 0][..],
            &[0x30, 2, 0xa0, 0],
            &[0x30, 4, 0x83, 2, 4, 0x60],
            &[0x30, 2, 0x83, 0],
            &[0x30, 3, 0x81, 1, 0],
            &[0x30, 6, 0x82, 1, 0xff, 0x81, 1, 0xff],
        ] {
            assert!(read(wrong).is_err(), "{wrong:x?}");
        }
    }
}
