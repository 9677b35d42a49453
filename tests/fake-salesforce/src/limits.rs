//! `/limits`: what the org may do in a day, an hour, a month.

use serde_json::{Map, Value as Json, json};

/// Limits of a Developer Edition org, as the resource tells them, and how much of each is left in an org that does little.
const LIMITS: [(&str, u64, u64); 56] = [
    ("ActiveScratchOrgs", 3, 3),
    ("AnalyticsExternalDataSizeMB", 40_960, 40_960),
    ("BOZosCalloutHourlyLimit", 20_000, 20_000),
    ("CdpAiInferenceApiMonthlyLimit", 500_000_000, 500_000_000),
    ("ConcurrentAsyncGetReportInstances", 200, 200),
    ("ConcurrentEinsteinDataInsightsStoryCreation", 5, 5),
    ("ConcurrentEinsteinDiscoveryStoryCreation", 2, 2),
    ("ConcurrentSyncReportRuns", 20, 20),
    ("DailyAnalyticsDataflowJobExecutions", 60, 60),
    ("DailyAnalyticsUploadedFilesSizeMB", 51_200, 51_200),
    ("DailyAsyncApexExecutions", 250_000, 250_000),
    ("DailyAsyncApexTests", 500, 500),
    ("DailyBulkApiBatches", 15_000, 15_000),
    ("DailyBulkV2QueryFileStorageMB", 976_562, 976_562),
    ("DailyBulkV2QueryJobs", 10_000, 10_000),
    ("DailyDeliveredPlatformEvents", 10_000, 10_000),
    ("DailyDurableGenericStreamingApiEvents", 10_000, 10_000),
    ("DailyDurableStreamingApiEvents", 10_000, 10_000),
    ("DailyEinsteinDataInsightsStoryCreation", 1_000, 1_000),
    ("DailyEinsteinDiscoveryOptimizationJobRuns", 0, 0),
    ("DailyEinsteinDiscoveryPredictAPICalls", 50_000, 50_000),
    ("DailyEinsteinDiscoveryPredictionsByCDC", 500_000, 500_000),
    ("DailyEinsteinDiscoveryStoryCreation", 100, 100),
    ("DailyFunctionsApiCallLimit", 235_000, 235_000),
    ("DailyGenericStreamingApiEvents", 10_000, 10_000),
    ("DailyScratchOrgs", 6, 6),
    ("DailyStandardVolumePlatformEvents", 10_000, 10_000),
    ("DailyStreamingApiEvents", 10_000, 10_000),
    ("DailyWorkflowEmails", 500, 500),
    ("DataStorageMB", 5, 5),
    ("DurableStreamingApiConcurrentClients", 20, 20),
    ("FileStorageMB", 20, 20),
    ("HourlyAsyncReportRuns", 1_200, 1_200),
    ("HourlyDashboardRefreshes", 200, 200),
    ("HourlyDashboardResults", 5_000, 5_000),
    ("HourlyDashboardStatuses", 999_999_999, 999_999_999),
    ("HourlyElevateAsyncReportRuns", 0, 0),
    ("HourlyElevateSyncReportRuns", 0, 0),
    ("HourlyLongTermIdMapping", 100_000, 100_000),
    ("HourlyManagedContentPublicRequests", 50_000, 50_000),
    ("HourlyODataCallout", 1_000, 1_000),
    ("HourlyPublishedPlatformEvents", 50_000, 50_000),
    ("HourlyPublishedStandardVolumePlatformEvents", 1_000, 1_000),
    ("HourlyShortTermIdMapping", 100_000, 100_000),
    ("HourlySyncReportRuns", 500, 500),
    ("HourlyTimeBasedWorkflow", 1_000, 1_000),
    ("MassEmail", 10, 10),
    ("MaxContentDocumentsLimit", 30_000_000, 30_000_000),
    ("MonthlyEinsteinDiscoveryStoryCreation", 500, 500),
    ("MonthlyPlatformEventsUsageEntitlement", 0, 0),
    ("Package2VersionCreates", 6, 6),
    ("Package2VersionCreatesWithoutValidation", 500, 500),
    ("PrivateConnectOutboundCalloutHourlyLimitMB", 0, 0),
    ("PublishCallbackUsageInApex", 1_000_000, 1_000_000),
    ("SingleEmail", 15, 15),
    ("StreamingApiConcurrentClients", 20, 20),
];

/// All of them; only the API calls are counted in earnest.
#[must_use]
pub fn all(max_calls: u64, calls_left: u64) -> Json {
    let mut told: Map<String, Json> =
        LIMITS.iter().map(|(name, max, left)| ((*name).to_owned(), json!({ "Max": max, "Remaining": left }))).collect();
    told.insert("DailyApiRequests".to_owned(), json!({ "Max": max_calls, "Remaining": calls_left }));
    told.insert(
        "PermissionSets".to_owned(),
        json!({ "Max": 1_500, "Remaining": 1_499, "CreateCustom": { "Max": 1_000, "Remaining": 999 } }),
    );
    Json::Object(told)
}
