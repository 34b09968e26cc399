use super::*;

const KEY: &str = "sk_live_EXAMPLE0123456789";

fn secrets() -> Secrets {
    Secrets::of_key(&ApiKey::new(KEY).unwrap())
}

fn with_filters(phone: &str, search: &str) -> Secrets {
    let mut url = Url::parse("https://api.sent.dm/v3/contacts?page=1").unwrap();
    url.query_pairs_mut().append_pair("phone", phone).append_pair("search", search);
    secrets().with_filters(&url).into_owned()
}

#[test]
fn the_key_is_found_in_every_form() {
    let encode = |text: &str| BASE64_STANDARD.encode(text);
    let spelled = |spell: fn(char) -> String| KEY.chars().map(spell).collect::<Vec<_>>().concat();
    let forms = [
        KEY.to_owned(),
        KEY.to_lowercase(),
        KEY.to_uppercase(),
        KEY.chars().rev().collect(),
        spelled(|c| format!("%{:02X}", u32::from(c))),
        spelled(|c| format!("%25{:02x}", u32::from(c))),
        spelled(|c| format!("\\u{:04x}", u32::from(c))),
        spelled(|c| format!("{:02x}", u32::from(c))),
        spelled(|c| format!("{c}\u{200b}")),
        spelled(|c| format!("{c} ")),
        encode(KEY),
        encode(&format!("x{KEY}")),
        encode(&format!("xx{KEY}yyy")),
        encode(&format!("user:{KEY}")),
        encode(&format!("user:{KEY}")).replace('=', "%3D"),
        KEY[..12].to_owned(),
        KEY[8..18].to_owned(),
        KEY[15..].to_owned(),
    ];
    for form in forms {
        for text in [form.clone(), format!("req-{form}"), format!("no such key: {form}!")] {
            assert!(secrets().are_in(&text), "{text}");
            let shown = [secrets().name(&text), secrets().request_id(&text), secrets().message(&text)];
            assert_eq!(shown, [None, None, None], "{text}");
        }
    }
}

#[test]
fn the_filters_of_a_request_are_found() {
    let secrets = with_filters("+99 123", "Ann B. (+Söhne)");
    for text in ["no 99123", "no +99-123", "phone=%2B99%20123", "ANN b", "Ann+B.+%28%2BS%C3%B6hne%29", "annbsohn Söhne"]
    {
        let is_found = secrets.are_in(text);
        assert_eq!(is_found, !matches!(text, "ANN b" | "annbsohn Söhne"), "{text}");
    }
    assert!(!with_filters("", "a").are_in("a bad page"), "a short filter identifies nobody");
}

#[test]
fn no_text_with_a_phone_number_is_shown() {
    let numbers = [
        "no contact +1 (234) 567-8901 here",
        "number 491701234567",
        "phone=%2b1%20415%20555%200123",
        "contact_14155550123",
        "contact14155550123x",
        r"\u002B14155550123",
        "415.555.0123",
        "1_415_555_0123",
        "tel:+1-234-567-890",
        "1234567",
    ];
    for text in numbers {
        assert_eq!((secrets().message(text), secrets().name(text)), (None, None), "{text}");
        assert!(secrets().request_id(text).is_none(), "{text}");
    }
}

#[test]
fn sentences_codes_and_ids_are_shown() {
    for message in ["Page size must be between 1 and 100", "Invalid ID format.", "role 'Reader' (2) can't do that"] {
        assert_eq!(secrets().message(message).as_deref(), Some(message));
    }
    for name in ["VALIDATION_001", "page_size", "$.filters[0].PageSize", "AUTH_002"] {
        assert_eq!(secrets().name(name).as_deref(), Some(name));
    }
    let ids = [
        "req_20260101123456",
        "req_7X9zKp2jDw",
        "0HMVD9T5N1M2V:00000001",
        "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
        "11112222-1234-4234-8234-555566667777",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "9081726354453627181",
    ];
    for id in ids {
        assert_eq!(secrets().request_id(id).as_deref(), Some(id));
    }
}

#[test]
fn texts_that_are_neither_sentences_nor_names_are_not_shown() {
    let long = "x".repeat(MAX_WORD + 1);
    for text in ["", "  ", "José", "see https://docs.sent.dm/errors/VALIDATION_001", long.as_str(), "电报"] {
        assert_eq!(secrets().message(text), None, "{text}");
    }
    for text in ["", "two words", "a\u{e9}", "<b>", "a`b", "x/y", &"x".repeat(MAX_NAME + 1)] {
        assert_eq!((secrets().name(text), secrets().request_id(text)), (None, None), "{text}");
    }
}

#[test]
fn nothing_invisible_is_shown() {
    assert_eq!(secrets().message("a\u{202e}gnp.exe\u{2066}x\u{200b}").as_deref(), Some("agnp.exex"));
    assert_eq!(secrets().message("\u{1b}[31mred\u{1b}[0m\r\nline\u{0}").as_deref(), Some("[31mred[0m  line"));
    assert_eq!(secrets().request_id("\u{feff}req_1\u{2028}").as_deref(), Some("req_1"));
    assert_eq!(secrets().name("AUTH\u{200d}_001").as_deref(), Some("AUTH_001"));
}

#[test]
fn long_messages_are_cut() {
    let cut = secrets().message(&"words and ".repeat(100)).unwrap();
    assert_eq!(cut.chars().count(), MAX_MESSAGE + 1);
    for part in ["+", "1 ", "%20", "\\u0025", "a%25"] {
        // None of these texts takes long.
        secrets().are_in(&part.repeat(1 << 16));
    }
}

#[test]
fn an_error_keeps_only_what_may_be_shown() {
    let error: ErrorBody = serde_json::from_value(serde_json::json!({"code": KEY, "message": format!("no {KEY}"),
        "details": {(KEY): ["x"], "phone": ["+14155550123 is no number", "too long"]}}))
    .unwrap();
    let clean = secrets().clean(error);
    let details = [(HIDDEN_NAME, vec!["x"]), ("phone", vec!["too long"])];
    let details = details.map(|(name, texts)| (name.into(), DetailTexts(texts.into_iter().map(Into::into).collect())));
    assert_eq!(clean, ErrorBody { code: None, message: None, details: Some(BTreeMap::from(details)) });
}
