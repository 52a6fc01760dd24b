//! Circuit breaker, bulkhead, deadline and retry budget around every call.
