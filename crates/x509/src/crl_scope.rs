//! Which certificates a revocation list of anybody is about: its issuingDistributionPoint (RFC 5280
//! §5.2.5), read without copying.
//!
//! Says what stands there. Whether it is the scope of a certificate is for the path validation.

use crate::decode::{DerFault, Reader};
use crate::encode::tag;
use crate::fields::{DIRECTORY_NAME, URI, all_whole, flag_as};

/// What an issuingDistributionPoint says (RFC 5280 §5.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CrlScopeView<'a> {
    full_names: Option<&'a [u8]>,
    /// The contents of nameRelativeToCRLIssuer.
    pub relative_name: Option<&'a [u8]>,
    /// onlyContainsUserCerts.
    pub end_entities_only: bool,
    /// onlyContainsCACerts.
    pub authorities_only: bool,
    /// onlySomeReasons: the contents of the BIT STRING.
    pub some_reasons: Option<&'a [u8]>,
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
        let mut out = Self::default();
        if let Some(point) = inner.optional(tag::constructed(0))? {
            let mut point = Reader::new(point);
            out.full_names = point.optional(tag::constructed(0))?;
            if out.full_names.is_none() {
                out.relative_name = Some(point.take(tag::constructed(1))?);
            }
            point.end()?;
            all_whole(out.full_names.unwrap_or_default())?;
        }
        out.end_entities_only = flag_as(&mut inner, tag::context(1))?;
        out.authorities_only = flag_as(&mut inner, tag::context(2))?;
        out.some_reasons = inner.optional(tag::context(3))?;
        out.indirect = flag_as(&mut inner, tag::context(4))?;
        out.attributes_only = flag_as(&mut inner, tag::context(5))?;
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
