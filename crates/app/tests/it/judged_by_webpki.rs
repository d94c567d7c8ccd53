//! rustls-webpki judges the same: it accepts what is issued on the whole road with its list, and
//! refuses what is revoked.
//!
//! Where it is narrower than RFC 5280 is known, and stands here. It processes no policies and so
//! refuses whatever has them critical, as the default profile has; it finds lists by address alone,
//! takes no delta lists, and does not tell suspended from revoked. What the six otherName entries
//! say it passes over: they are for no name that it is asked about.

use crate::certifying::{Bureau, operator};
use crate::house::{CHIYODA, House, message, town};
use crate::judged::{Exhibit, exhibit};
use authority::CertificateKind;
use authority::profile::{Partition, Profile, ProfileSettings};
use authority::trigger::Trigger;
use base::{Clock, Moment, Purpose};
use ports::Publication;
use ports::rows::delegate_purpose;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    UnixTime, alg_id,
};
use sekisho_app::CertificateProfile;
use sekisho_app::authority_init::{AuthorityAsked, authority_init};
use sekisho_app::certificate_end::certificate_end;
use sekisho_app::number_ask::Whose;
use std::sync::Arc;
use std::time::Duration;
use webpki::{
    EndEntityCert, Error, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationOptionsBuilder, anchor_from_trusted_cert,
};
use x509::{KeyAlgorithm, PublicKey};

/// A signature algorithm, for webpki to ask.
#[derive(Debug)]
struct Signs(KeyAlgorithm);

impl SignatureVerificationAlgorithm for Signs {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = PublicKey::new(self.0, public_key.to_vec()).map_err(|_| InvalidSignature)?;
        if key.has_signed(message, signature) { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        match self.0 {
            KeyAlgorithm::P256 => alg_id::ECDSA_P256,
            KeyAlgorithm::P384 => alg_id::ECDSA_P384,
            KeyAlgorithm::Rsa2048 => alg_id::RSA_ENCRYPTION,
            KeyAlgorithm::Ed25519 => alg_id::ED25519,
        }
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self.0 {
            KeyAlgorithm::P256 => alg_id::ECDSA_SHA256,
            KeyAlgorithm::P384 => alg_id::ECDSA_SHA384,
            KeyAlgorithm::Rsa2048 => alg_id::RSA_PKCS1_SHA256,
            KeyAlgorithm::Ed25519 => alg_id::ED25519,
        }
    }
}

/// What webpki says of a certificate with one list, every link of which it must know.
fn judge(shown: &Exhibit, at: Moment, usage: KeyUsage) -> Result<(), Error> {
    let (leaf, root) =
        (CertificateDer::from(&shown.leaf[..]), CertificateDer::from(&shown.root[..]));
    let anchors = [anchor_from_trusted_cert(&root)?];
    let list = OwnedCertRevocationList::from_der(&shown.list)?.into();
    let lists = [&list];
    let revocation = RevocationOptionsBuilder::new(&lists).unwrap();
    let revocation = revocation.with_expiration_policy(ExpirationPolicy::Enforce).build();
    let time = UnixTime::since_unix_epoch(Duration::from_secs(at.seconds().unsigned_abs()));
    let known: [&dyn SignatureVerificationAlgorithm; 3] =
        [&Signs(KeyAlgorithm::P256), &Signs(KeyAlgorithm::P384), &Signs(KeyAlgorithm::Rsa2048)];
    let leaf = EndEntityCert::try_from(&leaf)?;
    leaf.verify_for_usage(&known, &anchors, &[], time, usage, Some(revocation), None).map(drop)
}

fn client(shown: &Exhibit, at: Moment) -> Result<(), Error> {
    judge(shown, at, KeyUsage::client_auth())
}

/// A house with three residents, whose profile differs from the default in one thing.
fn house(policies_critical: bool) -> (House, Vec<numbers::ResidentRecordCode>) {
    let mut house = House::sqlite();
    let settings = ProfileSettings { policies_critical, ..ProfileSettings::default() };
    let profile = CertificateProfile::new(Profile::new(settings).unwrap());
    house.platform.profile = Arc::new(profile);
    let codes = house.stock(CHIYODA, 3);
    for (sequence, code) in (1..).zip(&codes) {
        house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
    }
    (house, codes)
}

fn chiyodas() -> Partition {
    Partition::Municipality(town(CHIYODA))
}

#[test]
fn webpki_accepts_what_is_issued_and_refuses_what_is_revoked() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
        let (house, codes) = house(false);
        let bureau = Bureau::open(&house, algorithm);
        let dies = bureau.issue(CertificateKind::Signature, &codes[0]);
        let loses = bureau.issue(CertificateKind::Authentication, &codes[1]);
        let keeps = bureau.issue(CertificateKind::Signature, &codes[2]);
        let show = |issued: &sekisho_app::certificate_issue::Issued, of: Partition| {
            exhibit(&bureau, &issued.certificate, issued.id.authority, of)
        };
        bureau.lists.make_due().unwrap();
        house.clock.pass_seconds(60);
        for issued in [&dies, &loses, &keeps] {
            assert_eq!(client(&show(issued, chiyodas()), house.clock.now()), Ok(()));
        }
        house.take_one(&message(CHIYODA, 4, "death", Some(&codes[0])));
        let missing = (&Whose::Code(codes[1].clone()), Trigger::ReportedMissing);
        let end = |work: &mut sekisho_app::Work<'_>| {
            certificate_end(work, &operator(), Purpose::Certification, missing)
        };
        house.act(end).unwrap();
        house.clock.pass_seconds(10);
        bureau.lists.make_due().unwrap();
        let now = house.clock.now();
        for issued in [&dies, &loses] {
            assert_eq!(client(&show(issued, chiyodas()), now), Err(Error::CertRevoked));
        }
        let good = show(&keeps, chiyodas());
        assert_eq!(client(&good, now), Ok(()));
        lists_count_for_their_own(&bureau, &show(&keeps, chiyodas()), &show(&dies, chiyodas()));
        // The list is a day old, and the certificate still valid.
        let later = now.plus_us(40 * 86_400 * 1_000_000);
        assert!(matches!(client(&good, later), Err(Error::CrlExpired { .. })));
        let years_later = now.plus_us(6 * 366 * 86_400 * 1_000_000);
        assert!(matches!(client(&good, years_later), Err(Error::CertExpired { .. })));
    }
}

/// A list says nothing of another partition, another generation or with a byte changed.
fn lists_count_for_their_own(bureau: &Bureau<'_>, good: &Exhibit, revoked: &Exhibit) {
    let now = bureau.house.clock.now();
    let with = |list: Vec<u8>| {
        let (leaf, root) = (good.leaf.clone(), good.root.clone());
        client(&Exhibit { leaf, root, list }, now).unwrap_err()
    };
    for of in [Partition::Platform, Partition::Authorities] {
        let other = exhibit(bureau, &good.leaf, 1, of).list;
        assert_eq!(with(other), Error::UnknownRevocationStatus, "{of:?}");
    }
    let path = bureau.issuer_of(1).list_path(chiyodas()).replace(".crl", "-delta.crl");
    let delta = bureau.place.read(&path).unwrap().unwrap();
    assert_eq!(with(delta), Error::UnsupportedDeltaCrl);
    let mut changed = good.list.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(with(changed), Error::InvalidCrlSignatureForPublicKey);
    // Another generation has the same name: its key has signed neither certificate nor list.
    let algorithm = bureau.issuer_of(1).public_key.algorithm();
    let asked = AuthorityAsked { kind: CertificateKind::Signature, algorithm };
    authority_init(&bureau.house.platform, &operator(), asked).unwrap();
    let root = bureau.authorities().pop().unwrap().certificate;
    for shown in [good, revoked] {
        let (leaf, list) = (shown.leaf.clone(), shown.list.clone());
        let other = Exhibit { leaf, root: root.clone(), list };
        assert_eq!(client(&other, now), Err(Error::InvalidSignatureForPublicKey));
    }
}

/// The default has the policies critical, as the official certificates do: for whom policies are
/// nothing, such a certificate is nothing. Delegates have no policies.
#[test]
fn webpki_refuses_what_has_its_policies_critical() {
    let (house, codes) = house(true);
    let bureau = Bureau::open(&house, KeyAlgorithm::P256);
    let issued = bureau.issue(CertificateKind::Signature, &codes[0]);
    bureau.lists.make_due().unwrap();
    house.clock.pass_seconds(60);
    let now = house.clock.now();
    let shown = exhibit(&bureau, &issued.certificate, 1, chiyodas());
    assert_eq!(client(&shown, now), Err(Error::UnsupportedCriticalExtension));
    let delegate = |purpose| {
        let mut rows = Vec::new();
        let read = &mut |view: &mut dyn ports::View| {
            rows = view.newest_delegates(1, purpose, 1)?;
            Ok(())
        };
        house.platform.store.snapshot("test", read).unwrap();
        exhibit(&bureau, &rows[0].certificate, 1, Partition::Platform)
    };
    let stamper = delegate(delegate_purpose::TIME_STAMP);
    assert_eq!(judge(&stamper, now, KeyUsage::required(TIME_STAMPING)), Ok(()));
    assert!(judge(&stamper, now, KeyUsage::required(OCSP_SIGNING)).is_err());
    let responder = delegate(delegate_purpose::OCSP);
    assert_eq!(judge(&responder, now, KeyUsage::required(OCSP_SIGNING)), Ok(()));
    assert!(judge(&responder, now, KeyUsage::required(CLIENT_AUTH)).is_err());
}

/// id-kp-clientAuth, id-kp-timeStamping and id-kp-OCSPSigning (RFC 5280 §4.2.1.12).
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
