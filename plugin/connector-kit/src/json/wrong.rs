/// Where an answer is not as it should be. Says nothing of what stands there: that may be personal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wrong {
    /// Such as "records[3].phones", or a line and column.
    pub place: String,
    /// What should stand there: "text", "list", "JSON", ...
    pub expected: &'static str,
}
