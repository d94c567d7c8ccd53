//! Lists before OpenSSL and GnuTLS: read, verified, and used to refuse what was revoked.

use crate::crl::{build, entry, profile};
use crate::house::{Folder, HOUR_US, Holder, authority, named, now};
use crate::x509::{
    Covers, CrlEntry, CrlNumber, CrlProfile, CrlScope, Extension, GeneralName, KeyAlgorithm,
    KeyUsage, RevocationReason,
};

fn list_of(
    holder: &Holder,
    entries: &[CrlEntry],
    change: impl FnOnce(&mut CrlProfile<'_>),
) -> Vec<u8> {
    let key = holder.key.key_identifier();
    let mut profile = profile(&holder.name);
    (profile.algorithm, profile.authority_key) = (holder.key.algorithm(), &key);
    change(&mut profile);
    build(&profile, entries, |message| holder.pair.sign(message)).unwrap()
}

fn leaf(holder: &Holder, number: u64, points: &[GeneralName]) -> Holder {
    let mut extensions = vec![Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE)];
    if !points.is_empty() {
        extensions.push(Extension::crl_distribution_points(points));
    }
    extensions.push(Extension::authority_key(&holder.key.key_identifier()));
    holder.issue(KeyAlgorithm::P256, number, extensions)
}

#[test]
fn openssl_and_gnutls_verify_lists_of_every_algorithm() {
    for algorithm in KeyAlgorithm::ALL {
        let (holder, folder) = (authority(algorithm), Folder::new());
        let held = entry(0x1234, Some(RevocationReason::CertificateHold));
        let doubted = CrlEntry {
            invalid_since: Some(now().plus_us(-3 * HOUR_US)),
            ..entry(0x8000_0000_0000_0001, Some(RevocationReason::KeyCompromise))
        };
        let list = list_of(holder, &[held, doubted], |_| {});
        folder.put_pem("ca.pem", "CERTIFICATE", &holder.certificate);
        folder.put_pem("list.pem", "X509 CRL", &list);
        let said = folder.run("openssl crl -in list.pem -CAfile ca.pem -noout -text");
        said.accepts("verify OK").accepts("Version 2").accepts("Serial Number: 1234");
        said.accepts("Serial Number: 8000000000000001").accepts("Certificate Hold");
        said.accepts("Invalidity Date").accepts("X509v3 CRL Number");
        folder
            .run("certtool --verify-crl --load-ca-certificate ca.pem --infile list.pem")
            .accepts("Verified");
        folder.run("certtool --crl-info --infile list.pem").accepts("Revoked certificates (2)");

        let mut tampered = list;
        let at = tampered.windows(2).position(|pair| pair == [0x12, 0x34]).unwrap();
        tampered[at] = 0x13;
        folder.put_pem("list.pem", "X509 CRL", &tampered);
        folder.run("openssl crl -in list.pem -CAfile ca.pem -noout").refuses("verify failure");
        let said =
            folder.run("certtool --verify-crl --load-ca-certificate ca.pem --infile list.pem");
        said.refuses("Not verified");
    }
}

#[test]
fn a_revoked_certificate_is_refused_and_another_accepted() {
    let (holder, folder) = (authority(KeyAlgorithm::P256), Folder::new());
    folder.put_pem("ca.pem", "CERTIFICATE", &holder.certificate);
    folder.put_pem("good.pem", "CERTIFICATE", &leaf(holder, 100, &[]).certificate);
    folder.put_pem("revoked.pem", "CERTIFICATE", &leaf(holder, 101, &[]).certificate);
    let list = list_of(holder, &[entry(101, Some(RevocationReason::AffiliationChanged))], |_| {});
    folder.put_pem("list.pem", "X509 CRL", &list);
    let verify = "openssl verify -crl_check -CAfile ca.pem -CRLfile list.pem";
    folder.run(&format!("{verify} good.pem")).accepts("good.pem: OK");
    folder.run(&format!("{verify} revoked.pem")).refuses("certificate revoked");
    let verify = "certtool --verify --verify-profile low --load-ca-certificate ca.pem";
    let with_list = |name: &str| format!("{verify} --load-crl list.pem --infile {name}");
    folder.run(&with_list("good.pem")).accepts("Chain verification output: Verified");
    folder.run(&with_list("revoked.pem")).refuses("revoked");
}

#[test]
fn a_partition_counts_for_its_own_certificates_alone() {
    let (holder, folder) = (authority(KeyAlgorithm::P256), Folder::new());
    let chiyoda = [GeneralName::Directory(named("Chiyoda-ku CRLDP"))];
    let chuo = [GeneralName::Directory(named("Chuo-ku CRLDP"))];
    folder.put_pem("ca.pem", "CERTIFICATE", &holder.certificate);
    folder.put_pem("chiyoda.pem", "CERTIFICATE", &leaf(holder, 200, &chiyoda).certificate);
    folder.put_pem("chiyoda2.pem", "CERTIFICATE", &leaf(holder, 201, &chiyoda).certificate);
    folder.put_pem("chuo.pem", "CERTIFICATE", &leaf(holder, 202, &chuo).certificate);
    let scope = CrlScope { names: chiyoda.to_vec(), covers: Covers::EndEntities };
    let list = list_of(holder, &[entry(201, None)], |profile| {
        profile.number = CrlNumber::from(6);
        profile.next_update = now().plus_us(24 * HOUR_US);
    });
    let partition = partition(holder, &scope, &[entry(201, None)]);
    assert_ne!(list, partition);
    folder.put_pem("list.pem", "X509 CRL", &partition);
    folder.run("openssl crl -in list.pem -noout -text").accepts("Only User Certificates");
    let verify = "openssl verify -crl_check -CAfile ca.pem -CRLfile list.pem";
    folder.run(&format!("{verify} chiyoda.pem")).accepts("OK");
    folder.run(&format!("{verify} chiyoda2.pem")).refuses("certificate revoked");
    folder.run(&format!("{verify} chuo.pem")).refuses("different CRL scope");
    let authorities = CrlScope { names: vec![], covers: Covers::Authorities };
    folder.put_pem("list.pem", "X509 CRL", &self::partition(holder, &authorities, &[]));
    folder.run("openssl crl -in list.pem -noout -text").accepts("Only CA Certificates");
    folder.run(&format!("{verify} chiyoda.pem")).refuses("different CRL scope");
}

fn partition(holder: &Holder, scope: &CrlScope, entries: &[CrlEntry]) -> Vec<u8> {
    let key = holder.key.key_identifier();
    let mut profile = profile(&holder.name);
    (profile.authority_key, profile.scope) = (&key, Some(scope));
    build(&profile, entries, |message| holder.pair.sign(message)).unwrap()
}

#[test]
fn a_delta_adds_and_takes_back() {
    let (holder, folder) = (authority(KeyAlgorithm::P256), Folder::new());
    folder.put_pem("ca.pem", "CERTIFICATE", &holder.certificate);
    for number in [300, 301, 302] {
        let der = leaf(holder, number, &[]).certificate;
        folder.put_pem(&format!("{number}.pem"), "CERTIFICATE", &der);
    }
    let names = [GeneralName::Uri("http://crl.example/delta.crl".to_owned())];
    let key = holder.key.key_identifier();
    let mut complete = profile(&holder.name);
    (complete.authority_key, complete.freshest) = (&key, &names);
    let held = entry(301, Some(RevocationReason::CertificateHold));
    let sign = |message: &[u8]| holder.pair.sign(message);
    folder.put_pem("base.pem", "X509 CRL", &build(&complete, &[held], sign).unwrap());
    let mut delta = complete.clone();
    (delta.freshest, delta.delta_of) = (&[], Some(complete.number));
    delta.number = CrlNumber::from(6);
    let changes = [
        entry(301, Some(RevocationReason::RemoveFromCrl)),
        entry(302, Some(RevocationReason::Superseded)),
    ];
    folder.put_pem("delta.pem", "X509 CRL", &build(&delta, &changes, sign).unwrap());
    let alone = "openssl verify -crl_check -CAfile ca.pem -CRLfile base.pem";
    folder.run(&format!("{alone} 300.pem")).accepts("OK");
    folder.run(&format!("{alone} 301.pem")).refuses("certificate revoked");
    folder.run(&format!("{alone} 302.pem")).accepts("OK");
    let both = format!("{alone} -use_deltas -CRLfile delta.pem");
    folder.run(&format!("{both} 300.pem")).accepts("OK");
    folder.run(&format!("{both} 301.pem")).accepts("OK");
    folder.run(&format!("{both} 302.pem")).refuses("certificate revoked");
}

#[test]
fn the_signature_is_the_authoritys_alone() {
    let (holder, folder) = (authority(KeyAlgorithm::P256), Folder::new());
    let other = authority(KeyAlgorithm::P384);
    folder.put_pem("ca.pem", "CERTIFICATE", &holder.certificate);
    folder.put_pem("list.pem", "X509 CRL", &list_of(other, &[], |_| {}));
    folder.run("openssl crl -in list.pem -CAfile ca.pem -noout").refuses("verify failure");
}
