use super::*;

#[test]
fn an_error_answer_keeps_code_details_and_request_id() {
    let body = r#"{"success":false,"data":null,"error":{"code":"VALIDATION_005","message":"out of range",
        "details":{"page_size":["too large","try 100"],"page":"bad"},"doc_url":"https://docs.sent.dm/e"},
        "meta":{"request_id":"req_1","timestamp":"2026-01-01T00:00:00Z","version":"v3","response_time_ms":3}}"#;
    let envelope: Envelope<IgnoredJson> = Envelope::from_json(body).unwrap();
    assert_eq!(envelope.success, Some(false));
    assert!(envelope.data.is_none());
    let error = envelope.error.unwrap();
    assert_eq!(error.code.as_deref(), Some("VALIDATION_005"));
    let details = error.details.unwrap();
    assert_eq!(details["page_size"].to_string(), "too large; try 100");
    assert_eq!(details["page"].to_string(), "bad");
    assert_eq!(envelope.meta.request_id.as_deref(), Some("req_1"));
}

#[test]
fn missing_and_unknown_fields_are_accepted() {
    let envelope: Envelope<Pagination> =
        Envelope::from_json(r#"{"new":[1,{}],"data":{"page":1,"cursors":null}}"#).unwrap();
    assert_eq!(envelope.success, None);
    assert_eq!(envelope.data.unwrap().page, Some(1));
    assert_eq!(envelope.meta, Meta::default());
}

#[test]
fn a_body_that_is_cut_off_or_followed_by_more_is_refused() {
    assert!(Envelope::<Pagination>::from_json(r#"{"success":true,"data":{"page":1"#).is_err());
    assert!(Envelope::<Pagination>::from_json(r#"{"success":true} {"#).is_err());
    assert!(Envelope::<Pagination>::from_json("[]").is_err());
}

#[test]
fn other_kinds_of_values_are_read_as_what_they_mean() {
    let body = r#"{"success":"True","data":{"page":"2","page_size":100.0,"total_count":" 450 ","total_pages":[5],
        "has_more":"false"},"error":"none","meta":{"request_id":17,"timestamp":null}}"#;
    let envelope: Envelope<Pagination> = Envelope::from_json(body).unwrap();
    assert_eq!(envelope.success, Some(true));
    let wanted = Pagination {
        page: Some(2),
        page_size: Some(100),
        total_count: Some(450),
        total_pages: None,
        has_more: Some(false),
    };
    assert_eq!(envelope.data, Some(wanted));
    assert_eq!(envelope.error.unwrap().message.as_deref(), Some("none"));
    assert_eq!(envelope.meta.request_id.as_deref(), Some("17"));
    let numbers = r#"{"data":{"page":-1,"page_size":5000000000,"total_count":1.5,"total_pages":1e30,"has_more":1}}"#;
    let envelope: Envelope<Pagination> = Envelope::from_json(numbers).unwrap();
    assert_eq!(envelope.data, Some(Pagination { has_more: Some(true), ..Pagination::default() }));
}

#[test]
fn errors_of_other_shapes_keep_their_text() {
    let error = |body: &str| Envelope::<IgnoredJson>::from_json(body).unwrap().error.unwrap();
    let problem = error(
        r#"{"type":"about:blank","title":"One or more validation errors occurred.","status":400,"detail":"See errors.",
            "errors":{"page_size":["too large"]}}"#,
    );
    assert_eq!(problem.message.as_deref(), Some("One or more validation errors occurred. See errors."));
    assert_eq!(problem.details.unwrap()["page_size"].to_string(), "too large");
    let listed = error(r#"{"error":{"code":1001,"message":"no","details":["a","b"]}}"#);
    assert_eq!(
        (listed.code.as_deref(), listed.details.unwrap()["details"].to_string()),
        (Some("1001"), "a; b".to_owned())
    );
}

#[test]
fn a_flood_of_details_and_texts_is_truncated() {
    let error = |error: String| {
        let body = format!(r#"{{"success":false,"error":{error},"meta":{{"request_id":"{}"}}}}"#, "r".repeat(1 << 20));
        let envelope = Envelope::<IgnoredJson>::from_json(&body).unwrap();
        assert_eq!(envelope.meta.request_id.unwrap().len(), 1 << 10);
        envelope.error
    };
    let list = vec![r#""no""#; 100_000].join(",");
    let listed = error(format!(r#"{{"code":"A","details":[{list}]}}"#)).unwrap();
    assert_eq!(listed.details.unwrap()["details"].to_string(), "no; no; no; no");
    let fields: Vec<String> = (0..100_000).map(|at| format!(r#""f{at}":[{{"a":[1]}},"bad"]"#)).collect();
    let fields = error(format!(r#"{{"details":{{{}}}}}"#, fields.join(","))).unwrap().details.unwrap();
    assert_eq!((fields.len(), fields["f7"].to_string().as_str()), (32, "bad"));
    let long = error(format!(r#"{{"message":"é{}"}}"#, "é".repeat(1 << 20))).unwrap();
    assert_eq!(long.message.unwrap().len(), 1 << 10);
    assert_eq!(error(format!("[{list}]")), None);
    assert_eq!(error("null".to_owned()), None);
}
