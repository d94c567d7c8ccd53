//! What the lint expects of each form of certificate.
//!
//! Written down a second time on purpose, as tables: the code that composes and the rules that it
//! is held against share nothing but the settings, and the names made of them.

use super::{
    ADDRESS, ADDRESS_SUBSTITUTES, BIRTH_DATE, Form, Issuer, NAME, NAME_SUBSTITUTES, Partition,
    Profile, SEX,
};
use crate::content::CertificateKind;
use x509::lint::Expected;
use x509::{
    COMMON_NAME, COUNTRY, GeneralName, KeyAlgorithm, KeyUsage, LOCALITY, ORGANIZATION,
    ORGANIZATIONAL_UNIT, ObjectIdentifier, extension_id as id, purpose,
};

impl Profile {
    /// What a certificate of this form must say; `partition` is the one of the list that it is
    /// revoked on.
    pub fn expected(&self, form: Form, issuer: &Issuer, partition: Partition) -> Expected {
        let settings = self.settings().hierarchy(issuer.hierarchy);
        let signature = issuer.hierarchy == CertificateKind::Signature;
        let holder = form == Form::Holder;
        let personal = holder && signature;
        let texts = [NAME, BIRTH_DATE, SEX, ADDRESS, NAME_SUBSTITUTES, ADDRESS_SUBSTITUTES];
        let flags = [(NAME, NAME_SUBSTITUTES), (ADDRESS, ADDRESS_SUBSTITUTES)];
        let attribute = |number| self.settings().attribute(number);
        let pair = |(of, flags)| (attribute(of), attribute(flags));
        let japanese = &self.hierarchy(issuer.hierarchy).japanese;
        Expected {
            algorithm: issuer.public_key.algorithm(),
            issuer: issuer.name.clone(),
            issuer_key: issuer.public_key.clone(),
            self_issued: form == Form::Root,
            not_before_earliest: issuer.not_before,
            not_after_latest: issuer.not_after,
            subject: subject(form, signature).to_vec(),
            key_algorithms: self.key_algorithms(form).to_vec(),
            extensions: self.extensions(form, issuer),
            key_usage: usage(form, signature),
            extended_key_usage: purposes(form, signature).to_vec(),
            policy: holder.then_some(settings.policy),
            statement: holder.then(|| self.settings().statement.clone()),
            subject_alternative: (form == Form::Root).then(|| japanese.clone()),
            texts: texts.map(attribute).into_iter().filter(|_| personal).collect(),
            flags: flags.map(pair).into_iter().filter(|_| personal).collect(),
            issuer_alternative: holder.then(|| japanese.clone()),
            issuer_serial: (form != Form::Root).then_some(issuer.serial),
            points: self.points_of(form, issuer, partition),
            responder: settings.responder.clone().filter(|_| holder),
        }
    }

    fn key_algorithms(&self, form: Form) -> &[KeyAlgorithm] {
        if form == Form::Holder { &self.settings().holder_algorithms } else { &OWN_ALGORITHMS }
    }

    fn extensions(&self, form: Form, issuer: &Issuer) -> Vec<(ObjectIdentifier, bool)> {
        let policies = (id::CERTIFICATE_POLICIES, self.settings().policies_critical);
        match (form, issuer.hierarchy) {
            (Form::Root, _) => ROOT.to_vec(),
            (Form::Responder, _) => RESPONDER.to_vec(),
            (Form::TimeStamper, _) => TIME_STAMPER.to_vec(),
            (Form::Holder, CertificateKind::Signature) => {
                [&SIGNATURE[..], &[policies], self.after_policies(issuer)].concat()
            }
            (Form::Holder, CertificateKind::Authentication) => {
                [&AUTHENTICATION[..], &[policies], self.after_policies(issuer)].concat()
            }
        }
    }

    fn after_policies(&self, issuer: &Issuer) -> &'static [(ObjectIdentifier, bool)] {
        let responder = &self.settings().hierarchy(issuer.hierarchy).responder;
        if responder.is_some() { &WITH_RESPONDER } else { &WITHOUT_RESPONDER }
    }

    /// Responders are on no list.
    fn points_of(&self, form: Form, issuer: &Issuer, partition: Partition) -> Vec<GeneralName> {
        if form == Form::Responder {
            return Vec::new();
        }
        // Without a name for the place there is nothing that a certificate could say.
        self.points(issuer, partition).unwrap_or_default()
    }
}

const fn subject(form: Form, signature: bool) -> &'static [ObjectIdentifier] {
    match (form, signature) {
        (Form::Root, _) => &[COUNTRY, ORGANIZATION, ORGANIZATIONAL_UNIT, ORGANIZATIONAL_UNIT],
        (Form::Holder, true) => &[COUNTRY, LOCALITY, LOCALITY, COMMON_NAME],
        (Form::Holder, false) => &[COUNTRY, COMMON_NAME],
        (Form::Responder | Form::TimeStamper, _) => {
            &[COUNTRY, ORGANIZATION, ORGANIZATIONAL_UNIT, COMMON_NAME]
        }
    }
}

const fn usage(form: Form, signature: bool) -> KeyUsage {
    match (form, signature) {
        (Form::Root, _) => KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN),
        (Form::Holder, true) => KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION),
        _ => KeyUsage::DIGITAL_SIGNATURE,
    }
}

const fn purposes(form: Form, signature: bool) -> &'static [ObjectIdentifier] {
    match (form, signature) {
        (Form::Root, _) | (Form::Holder, true) => &[],
        (Form::Holder, false) => &[purpose::CLIENT_AUTH],
        (Form::Responder, _) => &[purpose::OCSP_SIGNING],
        (Form::TimeStamper, _) => &[purpose::TIME_STAMPING],
    }
}

/// What roots, responders and time-stamping authorities sign with.
const OWN_ALGORITHMS: [KeyAlgorithm; 3] =
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384];

const ROOT: [(ObjectIdentifier, bool); 5] = [
    (id::KEY_USAGE, true),
    (id::SUBJECT_ALT_NAME, false),
    (id::BASIC_CONSTRAINTS, true),
    (id::CRL_DISTRIBUTION_POINTS, false),
    (id::SUBJECT_KEY_IDENTIFIER, false),
];
/// Up to the policies.
const SIGNATURE: [(ObjectIdentifier, bool); 2] =
    [(id::KEY_USAGE, true), (id::SUBJECT_ALT_NAME, false)];
/// Up to the policies.
const AUTHENTICATION: [(ObjectIdentifier, bool); 2] =
    [(id::KEY_USAGE, true), (id::EXTENDED_KEY_USAGE, false)];
const WITHOUT_RESPONDER: [(ObjectIdentifier, bool); 4] = [
    (id::ISSUER_ALT_NAME, false),
    (id::CRL_DISTRIBUTION_POINTS, false),
    (id::AUTHORITY_KEY_IDENTIFIER, false),
    (id::SUBJECT_KEY_IDENTIFIER, false),
];
const WITH_RESPONDER: [(ObjectIdentifier, bool); 5] = [
    (id::ISSUER_ALT_NAME, false),
    (id::CRL_DISTRIBUTION_POINTS, false),
    (id::AUTHORITY_INFO_ACCESS, false),
    (id::AUTHORITY_KEY_IDENTIFIER, false),
    (id::SUBJECT_KEY_IDENTIFIER, false),
];
const RESPONDER: [(ObjectIdentifier, bool); 5] = [
    (id::KEY_USAGE, true),
    (id::EXTENDED_KEY_USAGE, false),
    (id::OCSP_NO_CHECK, false),
    (id::AUTHORITY_KEY_IDENTIFIER, false),
    (id::SUBJECT_KEY_IDENTIFIER, false),
];
const TIME_STAMPER: [(ObjectIdentifier, bool); 5] = [
    (id::KEY_USAGE, true),
    (id::EXTENDED_KEY_USAGE, true),
    (id::CRL_DISTRIBUTION_POINTS, false),
    (id::AUTHORITY_KEY_IDENTIFIER, false),
    (id::SUBJECT_KEY_IDENTIFIER, false),
];
