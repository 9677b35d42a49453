use std::{io, net::Ipv4Addr, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// A certificate for 127.0.0.1 and localhost, and the authority made for it alone.
#[derive(Clone)]
pub struct Certificate {
    authority_pem: String,
    config: Arc<ServerConfig>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Certificate")
    }
}

impl Certificate {
    /// A new one. Its keys are of this process alone: they are the only thing here that differs from run to run.
    ///
    /// # Errors
    /// If the machine gives no random numbers.
    pub fn make() -> io::Result<Self> {
        let wrong = |why: rcgen::Error| io::Error::other(why.to_string());
        // A chain of two, not one that signs itself: strict clients (Python 3.13) take no leaf for an authority.
        let mut authority = params("Fake CRM authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate().map_err(wrong)?;
        let authority_certificate = authority.self_signed(&authority_key).map_err(wrong)?;
        let issuer = Issuer::from_params(&authority, &authority_key);

        let mut leaf = params("127.0.0.1");
        leaf.subject_alt_names =
            vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into()), SanType::DnsName("localhost".try_into().map_err(wrong)?)];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let leaf_key = KeyPair::generate().map_err(wrong)?;
        let leaf_certificate = leaf.signed_by(&leaf_key, &issuer).map_err(wrong)?;

        let chain = vec![CertificateDer::from(leaf_certificate.der().to_vec()), CertificateDer::from(authority_certificate.der().to_vec())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { authority_pem: authority_certificate.pem(), config: Arc::new(config) })
    }

    /// What a client must trust, in PEM.
    #[must_use]
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 1, 1);
    params
}
