//! Composing what is to be signed, and holding it against the lint before anybody signs it.

use authority::profile::{
    Form, Issuer, OwnContent, Partition, Profile, ProfileRefusal, ProfileSettings, SettingsRefusal,
};
use authority::{CertificateContent, OfficeSuffix};
use base::{Problem, labels};
use x509::TbsCertificate;
use x509::lint::{Expected, Finding, lint_trial};

/// The profile in force.
#[derive(Clone, Debug)]
pub struct CertificateProfile {
    /// Names, policies and addresses.
    pub profile: Profile,
    /// The office that requests are taken at, in each municipality.
    pub office: OfficeSuffix,
}

impl CertificateProfile {
    /// The profile that a new platform starts with: obviously not an official one.
    pub fn first() -> Result<Self, Problem> {
        let profile = Profile::new(ProfileSettings::default());
        let refused = |refusal: SettingsRefusal| Problem::new(&labels::INTERNAL, refusal.0);
        profile.map(Self::new).map_err(refused)
    }

    /// A profile, with requests taken at the first office.
    pub fn new(profile: Profile) -> Self {
        Self { profile, office: OfficeSuffix::default() }
    }

    /// The bytes to be signed for a person, linted.
    pub fn holder(
        &self,
        issuer: &Issuer,
        content: &CertificateContent,
    ) -> Result<Vec<u8>, Problem> {
        let tbs = self.profile.holder(issuer, content).map_err(refused)?;
        let partition = Partition::Municipality(content.municipality);
        linted(&tbs, &self.profile.expected(Form::Holder, issuer, partition))
    }

    /// The bytes to be signed for an authority itself, linted.
    pub fn root(&self, issuer: &Issuer, content: &OwnContent) -> Result<Vec<u8>, Problem> {
        let tbs = self.profile.root(issuer.hierarchy, content).map_err(refused)?;
        linted(&tbs, &self.profile.expected(Form::Root, issuer, Partition::Authorities))
    }

    /// The bytes to be signed for a delegate, linted.
    pub fn delegate(
        &self,
        form: Form,
        issuer: &Issuer,
        content: &OwnContent,
    ) -> Result<Vec<u8>, Problem> {
        let tbs = match form {
            Form::TimeStamper => self.profile.time_stamper(issuer, content),
            _ => self.profile.responder(issuer, content),
        };
        let tbs = tbs.map_err(refused)?;
        linted(&tbs, &self.profile.expected(form, issuer, Partition::Platform))
    }
}

/// The encoded bytes, if neither they nor the certificate that they would become show a fault.
fn linted(tbs: &TbsCertificate, expected: &Expected) -> Result<Vec<u8>, Problem> {
    let bytes = tbs.encode();
    match lint_trial(&bytes, expected).first() {
        None => Ok(bytes),
        Some(finding) => Err(Problem::from_refusal(Finding::label(*finding))),
    }
}

fn refused(refusal: ProfileRefusal) -> Problem {
    Problem::from_refusal(refusal.label())
}
