//! Clients of object stores from the environment, the clouds' own files and `--store-option`.
//!
//! Options override the variables of each cloud (`AWS_*`, `GOOGLE_*`, `AZURE_*`). Settings that neither has come from the
//! cloud's files, and last from the metadata service of the machine.
//!
//! *Easy to get wrong:* a machine outside the clouds has no metadata service, and a client would try for minutes to reach
//! one. So its presence is checked first.

use std::net::{SocketAddr, TcpStream};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::ClientConfigKey;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

use super::address::{Cloud, ObjectAddress};
use super::aws_profile;
use super::client::{Client, StoreOption};
use super::error::ObjectError;

/// Timeout of one request, long enough for a part over a slow connection.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(180);
/// Timeout for connecting to a store.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// The metadata service of machines in all three clouds.
const METADATA_SERVICE: ([u8; 4], u16) = ([169, 254, 169, 254], 80);
/// Timeout for connecting to the metadata service, which is on the same machine.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes the client of a bucket; sends nothing to it.
pub(super) fn connect(address: &ObjectAddress, options: &[StoreOption]) -> Result<Arc<dyn Client>, ObjectError> {
    // As for the API. Fails only if a provider is already installed, which is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    match address.cloud {
        Cloud::S3 => connect_s3(address, options),
        Cloud::Google => connect_google(address, options),
        Cloud::Azure => connect_azure(address, options),
    }
}

fn connect_s3(address: &ObjectAddress, options: &[StoreOption]) -> Result<Arc<dyn Client>, ObjectError> {
    use AmazonS3ConfigKey as Key;
    let failed = |error: &object_store::Error| ObjectError::of(address, error);
    let builder = AmazonS3Builder::from_env().with_url(&address.bucket);
    let mut builder =
        with_options(address, builder, options, |builder, key: Key, value| builder.with_config(key, value))?;
    if builder.get_config_value(&Key::Region).is_none()
        && let Some(region) = builder.get_config_value(&Key::DefaultRegion).or_else(aws_profile::region)
    {
        builder = builder.with_region(region);
    }
    let keys = [
        Key::AccessKeyId,
        Key::WebIdentityTokenFile,
        Key::ContainerCredentialsRelativeUri,
        Key::ContainerCredentialsFullUri,
        Key::MetadataEndpoint,
    ];
    if !keys.iter().any(|key| is_given(builder.get_config_value(key)))
        && !is_true(builder.get_config_value(&Key::SkipSignature))
    {
        match aws_profile::credentials()? {
            Some(found) => {
                builder = builder.with_access_key_id(found.key_id).with_secret_access_key(found.secret_key);
                if let Some(token) = found.token {
                    builder = builder.with_token(token);
                }
            }
            None => find_metadata_service(address, "AWS_* variables nor a profile in ~/.aws")?,
        }
    }
    let endpoint = [Key::S3Endpoint, Key::Endpoint].iter().find_map(|key| builder.get_config_value(key));
    // TLS protects the bytes; hashing them once more for the signature would cost a tenth of an export's CPU time.
    if endpoint.as_deref().is_none_or(|endpoint| endpoint.starts_with("https://"))
        && !is_set("unsigned_payload", options, "AWS_")
    {
        builder = builder.with_unsigned_payload(true);
    }
    for (key, value) in defaults(endpoint.as_deref(), options, "AWS_") {
        builder = builder.with_config(Key::Client(key), value);
    }
    Ok(Arc::new(builder.build().map_err(|error| failed(&error))?))
}

fn connect_google(address: &ObjectAddress, options: &[StoreOption]) -> Result<Arc<dyn Client>, ObjectError> {
    use GoogleConfigKey as Key;
    let failed = |error: &object_store::Error| ObjectError::of(address, error);
    let builder = GoogleCloudStorageBuilder::from_env().with_url(&address.bucket);
    // The other clouds call it an endpoint.
    let renamed = |option: &StoreOption| match option.key.as_str() {
        "endpoint" => StoreOption { key: "base_url".to_owned(), ..option.clone() },
        _ => option.clone(),
    };
    let renamed: Vec<StoreOption> = options.iter().map(renamed).collect();
    let mut builder =
        with_options(address, builder, &renamed, |builder, key: Key, value| builder.with_config(key, value))?;
    let keys = [Key::ServiceAccount, Key::ServiceAccountKey, Key::ApplicationCredentials, Key::BearerToken];
    let has_keys = keys.iter().any(|key| is_given(builder.get_config_value(key)));
    let default_file =
        std::env::home_dir().map(|home| home.join(".config/gcloud/application_default_credentials.json"));
    let has_file = default_file.is_some_and(|path| path.is_file()) || std::env::var_os("SERVICE_ACCOUNT").is_some();
    if !has_keys && !has_file && !is_true(builder.get_config_value(&Key::SkipSignature)) {
        find_metadata_service(address, "GOOGLE_* variables nor application default credentials")?;
    }
    let endpoint = builder.get_config_value(&Key::BaseUrl);
    for (key, value) in defaults(endpoint.as_deref(), options, "GOOGLE_") {
        builder = builder.with_config(Key::Client(key), value);
    }
    Ok(Arc::new(builder.build().map_err(|error| failed(&error))?))
}

fn connect_azure(address: &ObjectAddress, options: &[StoreOption]) -> Result<Arc<dyn Client>, ObjectError> {
    use AzureConfigKey as Key;
    let failed = |error: &object_store::Error| ObjectError::of(address, error);
    let builder = MicrosoftAzureBuilder::from_env().with_url(&address.bucket);
    let mut builder =
        with_options(address, builder, options, |builder, key: Key, value| builder.with_config(key, value))?;
    let keys = [
        Key::AccessKey,
        Key::SasKey,
        Key::Token,
        Key::ClientSecret,
        Key::FederatedTokenFile,
        Key::MsiEndpoint,
        Key::UseAzureCli,
        Key::SkipSignature,
        Key::UseEmulator,
    ];
    if !keys.iter().any(|key| is_given(builder.get_config_value(key))) {
        find_metadata_service(address, "AZURE_* variables")?;
    }
    let endpoint = builder.get_config_value(&Key::Endpoint);
    for (key, value) in defaults(endpoint.as_deref(), options, "AZURE_") {
        builder = builder.with_config(Key::Client(key), value);
    }
    Ok(Arc::new(builder.build().map_err(|error| failed(&error))?))
}

/// Applies options, which override the environment.
fn with_options<Builder, Key: FromStr<Err = object_store::Error>>(
    address: &ObjectAddress,
    builder: Builder,
    options: &[StoreOption],
    with: impl Fn(Builder, Key, &str) -> Builder,
) -> Result<Builder, ObjectError> {
    options.iter().try_fold(builder, |builder, option| {
        let key = option.key.parse().map_err(|error| ObjectError::of(address, &error))?;
        Ok(with(builder, key, &option.value))
    })
}

/// Defaults of settings that no option and no variable with `prefix` sets.
fn defaults(endpoint: Option<&str>, options: &[StoreOption], prefix: &str) -> Vec<(ClientConfigKey, String)> {
    let mut defaults = vec![
        (ClientConfigKey::Timeout, humantime::format_duration(REQUEST_TIMEOUT).to_string()),
        (ClientConfigKey::ConnectTimeout, humantime::format_duration(CONNECT_TIMEOUT).to_string()),
        (ClientConfigKey::UserAgent, concat!("sent-export/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    if endpoint.is_some_and(is_loopback) {
        // Traffic within this machine needs neither encryption nor certificates.
        defaults.push((ClientConfigKey::AllowHttp, "true".to_owned()));
        defaults.push((ClientConfigKey::NoSystemCertificates, "true".to_owned()));
    }
    defaults.retain(|(key, _)| !is_set(key.as_ref(), options, prefix));
    defaults
}

/// Whether an option or a variable with `prefix` sets a key.
fn is_set(key: &str, options: &[StoreOption], prefix: &str) -> bool {
    let variable = format!("{prefix}{}", key.to_ascii_uppercase());
    options.iter().any(|option| option.key.ends_with(key)) || std::env::var_os(variable).is_some()
}

fn is_loopback(endpoint: &str) -> bool {
    let Ok(url) = url::Url::parse(endpoint) else { return false };
    url.scheme() == "http"
        && url.host().is_some_and(|host| match host {
            url::Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        })
}

fn is_given(value: Option<String>) -> bool {
    value.is_some_and(|value| !value.is_empty() && value != "false")
}

fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y"))
}

/// Checks that credentials can come from the machine's role, since there are no others.
fn find_metadata_service(address: &ObjectAddress, missing: &str) -> Result<(), ObjectError> {
    let is_off = is_true(std::env::var("AWS_EC2_METADATA_DISABLED").ok());
    let service = SocketAddr::from(METADATA_SERVICE);
    let failure = if is_off {
        Some("AWS_EC2_METADATA_DISABLED is set".to_owned())
    } else {
        TcpStream::connect_timeout(&service, METADATA_TIMEOUT).err().map(|error| error.to_string())
    };
    let told = |why: String| {
        let problem = format!("no credentials for {}: there are neither {missing}", address.bucket);
        Err(ObjectError::credentials(problem, format!("and this machine has no role in a cloud: {service}: {why}")))
    };
    failure.map_or(Ok(()), told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::object::error::ObjectErrorKind;

    fn address(text: &str) -> ObjectAddress {
        ObjectAddress::parse(text).unwrap().unwrap()
    }

    fn options(texts: &[&str]) -> Vec<StoreOption> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn clients_are_made_from_options() {
        for (text, given) in [
            ("s3://lake/c.csv", vec!["access-key-id=a", "secret-access-key=b", "endpoint=http://127.0.0.1:1"]),
            ("gs://lake/c.csv", vec!["skip_signature=true", "endpoint=http://localhost:1"]),
            ("az://box/c.csv", vec!["account_name=me", "account_key=AAAA"]),
            ("abfss://box@me.dfs.core.windows.net/c.csv", vec!["account_key=AAAA", "timeout=5s"]),
        ] {
            connect(&address(text), &options(&given)).unwrap();
        }
    }

    #[test]
    fn unknown_options_are_refused() {
        for text in ["s3://lake/c.csv", "gs://lake/c.csv", "az://box/c.csv"] {
            let error = connect(&address(text), &options(&["shade=blue"])).map(drop).unwrap_err();
            assert_eq!(error.kind(), ObjectErrorKind::Option);
            assert!(error.to_string().starts_with("there is no store option shade for "), "{error}");
        }
    }

    #[test]
    fn only_loopback_goes_without_encryption() {
        for (endpoint, wanted) in [
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000", true),
            ("http://localhost", true),
            ("http://minio:9000", false),
            ("https://127.0.0.1", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_loopback(endpoint), wanted, "{endpoint}");
        }
    }
}
