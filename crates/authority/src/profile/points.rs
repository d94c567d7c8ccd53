//! Where the lists are that a certificate is revoked on: by directory name and by address.
//!
//! A list is named in certificates and in its own issuingDistributionPoint by the same names; both
//! come from here.

use super::{Issuer, Profile, ProfileRefusal};
use crate::romaji;
use numbers::LocalGovernmentCode;
use x509::{COMMON_NAME, COUNTRY, GeneralName, Name, ORGANIZATION, ORGANIZATIONAL_UNIT};

/// The part of an authority's certificates that one list is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Partition {
    /// Authorities: the authority revocation list.
    Authorities,
    /// The platform's own keys that are no authorities, such as those for time stamps.
    Platform,
    /// The holders registered by one municipality.
    Municipality(LocalGovernmentCode),
}

impl Profile {
    /// The names of the distribution point of a partition: the directory name, and the address if
    /// lists have one.
    pub fn points(
        &self,
        issuer: &Issuer,
        partition: Partition,
    ) -> Result<Vec<GeneralName>, ProfileRefusal> {
        let directory = match partition {
            // The list of authorities stands at the authority's own entry in the directory.
            Partition::Authorities => issuer.name.clone(),
            Partition::Platform => self.point(issuer, None, "Platform CRLDP")?,
            Partition::Municipality(code) => {
                let place = romaji::locality(code).ok_or(ProfileRefusal::Municipality)?;
                let name = format!("{} CRLDP", place.municipality);
                self.point(issuer, Some(&place.prefecture), &name)?
            }
        };
        let mut out = vec![GeneralName::Directory(directory)];
        out.extend(self.list_address(issuer, partition).map(GeneralName::Uri));
        Ok(out)
    }

    /// The address of the list of a partition, if lists have one.
    pub fn list_address(&self, issuer: &Issuer, partition: Partition) -> Option<String> {
        let base = self.settings().lists.as_deref()?;
        Some(format!("{base}/{}", issuer.list_path(partition)))
    }

    fn point(
        &self,
        issuer: &Issuer,
        prefecture: Option<&str>,
        name: &str,
    ) -> Result<Name, ProfileRefusal> {
        let settings = self.settings();
        let unit = settings.hierarchy(issuer.hierarchy).unit.as_str();
        let mut attributes = vec![
            (COUNTRY, "JP"),
            (ORGANIZATION, settings.organization.as_str()),
            (ORGANIZATIONAL_UNIT, unit),
            (ORGANIZATIONAL_UNIT, "CRL Distribution Points"),
        ];
        attributes.extend(prefecture.map(|prefecture| (ORGANIZATIONAL_UNIT, prefecture)));
        attributes.push((COMMON_NAME, name));
        Ok(Name::new(attributes)?)
    }
}

impl Issuer {
    /// The word that tells the generations of a hierarchy apart, of which all have one name: the
    /// first eight bytes of the key identifier in hexadecimal digits.
    pub fn generation(&self) -> String {
        let identifier = self.public_key.key_identifier();
        identifier[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where the list of a partition lies below the address of all lists: hierarchy, generation
    /// and partition, such as `signature/0123456789abcdef/132217.crl`.
    pub fn list_path(&self, partition: Partition) -> String {
        let above = format!("{}/{}", self.hierarchy.word(), self.generation());
        match partition {
            Partition::Authorities => format!("{above}/authorities.crl"),
            Partition::Platform => format!("{above}/platform.crl"),
            Partition::Municipality(code) => format!("{above}/{code}.crl"),
        }
    }
}
