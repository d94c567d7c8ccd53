//! The certificate profile: every byte that an authority's certificates have in common.
//!
//! There are two hierarchies, one for signatures (署名用) and one for authentication (利用者証明用),
//! each a self-signed root that certifies holders directly. All generations of a root share one
//! name, so issuers are told apart by their keys. Field for field this is the profile of the public
//! personal authentication service; names, policies and addresses are settings, and obviously not
//! the official ones unless somebody sets them so.
//!
//! A certificate names the list that it is revoked on by directory name, as the official ones do,
//! and by an address too, because no stock verifier can fetch by directory name.

mod expected;
mod points;
mod settings;

pub use points::Partition;
pub use settings::{HierarchySettings, ProfileSettings, SettingsRefusal};

use crate::content::{CertificateContent, CertificateKind, PersonalAttributes};
use base::Moment;
use std::fmt;
use x509::{
    COMMON_NAME, COUNTRY, Certificate, Extension, GeneralName, KeyUsage, LOCALITY, Name,
    NameRefusal, ORGANIZATION, ORGANIZATIONAL_UNIT, ObjectIdentifier, PublicKey, Serial,
    TbsCertificate, purpose,
};

/// The profile of both hierarchies.
#[derive(Clone, Debug)]
pub struct Profile {
    settings: ProfileSettings,
    signature: Hierarchy,
    authentication: Hierarchy,
}

/// The names of a hierarchy, encoded once.
#[derive(Clone, Debug)]
struct Hierarchy {
    /// Subject and issuer of its roots.
    name: Name,
    /// The same in Japanese, for the alternative names.
    japanese: Name,
}

/// One generation of an authority: who issues.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuer {
    /// Its hierarchy.
    pub hierarchy: CertificateKind,
    /// Its name, as it stands in its certificate.
    pub name: Name,
    /// The serial number of its certificate.
    pub serial: Serial,
    /// Its key.
    pub public_key: PublicKey,
    /// From when on its certificate is valid.
    pub not_before: Moment,
    /// Until when its certificate is valid.
    pub not_after: Moment,
}

/// What is given for a certificate of the platform's own keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnContent {
    /// The serial number.
    pub serial: Serial,
    /// From when on it is valid: whole seconds.
    pub not_before: Moment,
    /// Until when it is valid, this second included: whole seconds.
    pub not_after: Moment,
    /// The key.
    pub public_key: PublicKey,
}

/// The kinds of certificates that a profile composes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Form {
    /// The self-signed certificate of an authority.
    Root,
    /// The certificate of a person: the kind of the issuer's hierarchy.
    Holder,
    /// A responder that answers for the authority (RFC 6960 §4.2.2.2).
    Responder,
    /// A time-stamping authority (RFC 3161 §2.3).
    TimeStamper,
}

/// Why a certificate is not composed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProfileRefusal {
    /// The content is one that no decision leads to; says what is wrong with it.
    Content(&'static str),
    /// Another kind of certificate than the issuer's hierarchy gives.
    Hierarchy,
    /// No municipality keeps a register under this code.
    Municipality,
    /// A part of a name is no text.
    Name(NameRefusal),
}

impl Profile {
    /// The profile with these settings.
    pub fn new(settings: ProfileSettings) -> Result<Self, SettingsRefusal> {
        settings.check()?;
        let signature = Hierarchy::new(&settings, &settings.signature)?;
        let authentication = Hierarchy::new(&settings, &settings.authentication)?;
        Ok(Self { settings, signature, authentication })
    }

    /// The settings.
    pub const fn settings(&self) -> &ProfileSettings {
        &self.settings
    }

    /// The name of every root of a hierarchy.
    pub const fn root_name(&self, hierarchy: CertificateKind) -> &Name {
        &self.hierarchy(hierarchy).name
    }

    /// The issuer that a root of this content will be.
    pub fn issuer(&self, hierarchy: CertificateKind, content: &OwnContent) -> Issuer {
        Issuer {
            hierarchy,
            name: self.root_name(hierarchy).clone(),
            serial: content.serial,
            public_key: content.public_key.clone(),
            not_before: content.not_before,
            not_after: content.not_after,
        }
    }

    /// The self-signed certificate of a root.
    pub fn root(
        &self,
        hierarchy: CertificateKind,
        content: &OwnContent,
    ) -> Result<TbsCertificate, ProfileRefusal> {
        content.check()?;
        let issuer = self.issuer(hierarchy, content);
        let points = self.points(&issuer, Partition::Authorities)?;
        let japanese = GeneralName::Directory(self.hierarchy(hierarchy).japanese.clone());
        let extensions = vec![
            Extension::key_usage(KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN)),
            Extension::subject_alt_name(&[japanese]),
            Extension::authority(None),
            Extension::crl_distribution_points(&points),
            Extension::subject_key(&content.public_key.key_identifier()),
        ];
        Ok(issuer.certify(content, issuer.name.clone(), extensions))
    }

    /// The certificate of a person.
    pub fn holder(
        &self,
        issuer: &Issuer,
        content: &CertificateContent,
    ) -> Result<TbsCertificate, ProfileRefusal> {
        if let Some(fault) = content.fault() {
            return Err(ProfileRefusal::Content(fault));
        }
        if content.kind != issuer.hierarchy {
            return Err(ProfileRefusal::Hierarchy);
        }
        let serial = Serial::try_from(content.serial);
        let own = OwnContent {
            serial: serial.map_err(|_| ProfileRefusal::Content("a serial number of zero"))?,
            not_before: content.not_before,
            not_after: content.not_after,
            public_key: content.public_key.clone(),
        };
        let subject = subject(content)?;
        Ok(issuer.certify(&own, subject, self.holder_extensions(issuer, content)?))
    }

    /// The certificate of a responder that answers for the issuer. It is not looked up on lists, so
    /// it should be short-lived.
    pub fn responder(
        &self,
        issuer: &Issuer,
        content: &OwnContent,
    ) -> Result<TbsCertificate, ProfileRefusal> {
        content.check()?;
        let extensions = vec![
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
            Extension::extended_key_usage(false, &[purpose::OCSP_SIGNING]),
            Extension::ocsp_no_check(),
            issuer.authority_key(),
            Extension::subject_key(&content.public_key.key_identifier()),
        ];
        let subject = self.own_subject(issuer, "OCSP Responder", content.serial)?;
        Ok(issuer.certify(content, subject, extensions))
    }

    /// The certificate of a time-stamping authority.
    pub fn time_stamper(
        &self,
        issuer: &Issuer,
        content: &OwnContent,
    ) -> Result<TbsCertificate, ProfileRefusal> {
        content.check()?;
        let points = self.points(issuer, Partition::Platform)?;
        let extensions = vec![
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
            Extension::extended_key_usage(true, &[purpose::TIME_STAMPING]),
            Extension::crl_distribution_points(&points),
            issuer.authority_key(),
            Extension::subject_key(&content.public_key.key_identifier()),
        ];
        let subject = self.own_subject(issuer, "Time Stamping Authority", content.serial)?;
        Ok(issuer.certify(content, subject, extensions))
    }

    const fn hierarchy(&self, kind: CertificateKind) -> &Hierarchy {
        match kind {
            CertificateKind::Signature => &self.signature,
            CertificateKind::Authentication => &self.authentication,
        }
    }

    fn holder_extensions(
        &self,
        issuer: &Issuer,
        content: &CertificateContent,
    ) -> Result<Vec<Extension>, ProfileRefusal> {
        let settings = self.settings.hierarchy(issuer.hierarchy);
        let japanese = GeneralName::Directory(self.hierarchy(issuer.hierarchy).japanese.clone());
        let mut out = Vec::with_capacity(8);
        match &content.personal {
            Some(personal) => {
                let usage = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION);
                out.push(Extension::key_usage(usage));
                out.push(Extension::subject_alt_name(&self.settings.texts(personal)));
            }
            None => {
                out.push(Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE));
                out.push(Extension::extended_key_usage(false, &[purpose::CLIENT_AUTH]));
            }
        }
        let statement = Some(self.settings.statement.as_str());
        let critical = self.settings.policies_critical;
        out.push(Extension::certificate_policies(critical, settings.policy, statement));
        out.push(Extension::issuer_alt_name(&[japanese]));
        let points = self.points(issuer, Partition::Municipality(content.municipality))?;
        out.push(Extension::crl_distribution_points(&points));
        out.extend(settings.responder.as_deref().map(Extension::ocsp_responder));
        out.push(issuer.authority_key());
        out.push(Extension::subject_key(&content.public_key.key_identifier()));
        Ok(out)
    }

    /// A key of the platform's own, named by what it does and by its certificate.
    fn own_subject(
        &self,
        issuer: &Issuer,
        role: &str,
        serial: Serial,
    ) -> Result<Name, ProfileRefusal> {
        let unit = &self.settings.hierarchy(issuer.hierarchy).unit;
        Ok(Name::new([
            (COUNTRY, "JP"),
            (ORGANIZATION, self.settings.organization.as_str()),
            (ORGANIZATIONAL_UNIT, unit),
            (COMMON_NAME, &format!("{role} {serial}")),
        ])?)
    }
}

impl Issuer {
    /// The issuer that a root's certificate shows; `None` if its serial number is not positive, or
    /// its name or key not one of ours.
    pub fn of_certificate(hierarchy: CertificateKind, root: &Certificate<'_>) -> Option<Self> {
        Some(Self {
            hierarchy,
            name: root.subject_name().ok()?,
            serial: root.serial()?,
            public_key: root.public_key().ok()?,
            not_before: root.not_before(),
            not_after: root.not_after(),
        })
    }

    fn authority_key(&self) -> Extension {
        let key = self.public_key.key_identifier();
        Extension::authority_key_and_certificate(&key, &self.name, self.serial)
    }

    fn certify(
        &self,
        content: &OwnContent,
        subject: Name,
        extensions: Vec<Extension>,
    ) -> TbsCertificate {
        TbsCertificate {
            serial: content.serial,
            algorithm: self.public_key.algorithm(),
            issuer: self.name.clone(),
            not_before: content.not_before,
            not_after: content.not_after,
            subject,
            public_key: content.public_key.clone(),
            extensions,
        }
    }
}

impl OwnContent {
    fn check(&self) -> Result<(), ProfileRefusal> {
        if self.not_after < self.not_before {
            return Err(ProfileRefusal::Content("ends before it begins"));
        }
        Ok(())
    }
}

impl Hierarchy {
    fn new(common: &ProfileSettings, own: &HierarchySettings) -> Result<Self, NameRefusal> {
        let name = |organization: &str, unit: &str, operator: &str| {
            Name::new([
                (COUNTRY, "JP"),
                (ORGANIZATION, organization),
                (ORGANIZATIONAL_UNIT, unit),
                (ORGANIZATIONAL_UNIT, operator),
            ])
        };
        Ok(Self {
            name: name(&common.organization, &own.unit, &common.operator)?,
            japanese: name(
                &common.organization_japanese,
                &own.unit_japanese,
                &common.operator_japanese,
            )?,
        })
    }
}

impl ProfileSettings {
    /// The six otherName values, in their order in the certificate.
    fn texts(&self, personal: &PersonalAttributes) -> [GeneralName; 6] {
        [
            (NAME, &personal.name.text),
            (BIRTH_DATE, &personal.birth_date),
            (SEX, &personal.sex),
            (ADDRESS, &personal.address.text),
            (NAME_SUBSTITUTES, &personal.name.substitutes),
            (ADDRESS_SUBSTITUTES, &personal.address.substitutes),
        ]
        .map(|(number, text)| GeneralName::Text(self.attribute(number), text.reveal().to_owned()))
    }

    /// The identifier of an attribute. The settings were checked, so there is room below the arc.
    fn attribute(&self, number: u32) -> ObjectIdentifier {
        self.attributes.push_arc(number).unwrap_or(self.attributes)
    }
}

impl ProfileRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Content(_) => "profile_content",
            Self::Hierarchy => "profile_hierarchy",
            Self::Municipality => "profile_municipality",
            Self::Name(refusal) => refusal.label(),
        }
    }
}

impl From<NameRefusal> for ProfileRefusal {
    fn from(refusal: NameRefusal) -> Self {
        Self::Name(refusal)
    }
}

impl fmt::Display for ProfileRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(fault) => write!(f, "the content of a certificate has {fault}"),
            Self::Hierarchy => f.write_str("the issuer gives another kind of certificate"),
            Self::Municipality => f.write_str("no municipality keeps a register under this code"),
            Self::Name(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for ProfileRefusal {}

fn subject(content: &CertificateContent) -> Result<Name, ProfileRefusal> {
    let mut attributes = vec![(COUNTRY, "JP")];
    if let Some(locality) = &content.subject.locality {
        attributes.push((LOCALITY, &locality.prefecture));
        attributes.push((LOCALITY, &locality.municipality));
    }
    attributes.push((COMMON_NAME, &content.subject.common_name));
    Ok(Name::new(attributes)?)
}

/// 氏名.
const NAME: u32 = 1;
/// 氏名の代替文字使用位置情報.
const NAME_SUBSTITUTES: u32 = 2;
/// 性別.
const SEX: u32 = 3;
/// 生年月日.
const BIRTH_DATE: u32 = 4;
/// 住所.
const ADDRESS: u32 = 5;
/// 住所の代替文字使用位置情報.
const ADDRESS_SUBSTITUTES: u32 = 6;
