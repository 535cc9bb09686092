"""The metrics of a run on whose board every one has a sample, as a scraper gets them."""

from __future__ import annotations

EXPOSITION = """\
# HELP tickpath_ready Whether the run is ready.
# TYPE tickpath_ready gauge
tickpath_ready 0.0
# HELP tickpath_alive Whether the control plane steps.
# TYPE tickpath_alive gauge
tickpath_alive 1.0
# HELP tickpath_started Whether it was ever ready.
# TYPE tickpath_started gauge
tickpath_started 1.0
# HELP tickpath_epoch Transitions of the lifecycle so far.
# TYPE tickpath_epoch gauge
tickpath_epoch 2.0
# HELP tickpath_state 1 for the state the lifecycle is in.
# TYPE tickpath_state gauge
tickpath_state{state="INIT"} 0.0
tickpath_state{state="WARMUP"} 0.0
tickpath_state{state="READY"} 1.0
tickpath_state{state="DEGRADED"} 0.0
# HELP tickpath_transitions_total Moves of the lifecycle.
# TYPE tickpath_transitions_total counter
tickpath_transitions_total{source="INIT",target="WARMUP"} 1.0
tickpath_transitions_total{source="WARMUP",target="READY"} 1.0
tickpath_transitions_total{source="WARMUP",target="DEGRADED"} 0.0
tickpath_transitions_total{source="READY",target="DEGRADED"} 0.0
tickpath_transitions_total{source="DEGRADED",target="READY"} 0.0
tickpath_transitions_total{source="DEGRADED",target="WARMUP"} 0.0
# HELP tickpath_cause_held Causes of degradation that are held.
# TYPE tickpath_cause_held gauge
tickpath_cause_held{cause="outage",owner="probe:feed"} 1.0
# HELP tickpath_probe_verdict 1 for the verdict of each health probe.
# TYPE tickpath_probe_verdict gauge
tickpath_probe_verdict{probe="feed",verdict="ok"} 0.0
tickpath_probe_verdict{probe="feed",verdict="failing"} 1.0
tickpath_probe_verdict{probe="feed",verdict="unknown"} 0.0
# HELP tickpath_probe_value What each probe found, in its own unit.
# TYPE tickpath_probe_value gauge
tickpath_probe_value{probe="feed"} 12.5
# HELP tickpath_probe_threshold The largest value that is ok.
# TYPE tickpath_probe_threshold gauge
tickpath_probe_threshold{probe="feed"} 5.0
# HELP tickpath_control_step_seconds What the control steps took.
# TYPE tickpath_control_step_seconds summary
tickpath_control_step_seconds_count 2.0
tickpath_control_step_seconds_sum 4e-06
# HELP tickpath_control_step_max_seconds The longest control step.
# TYPE tickpath_control_step_max_seconds gauge
tickpath_control_step_max_seconds 3e-06
# HELP tickpath_refused_moves_total Moves that the lifecycle refused.
# TYPE tickpath_refused_moves_total counter
tickpath_refused_moves_total 5.0
# HELP tickpath_run_seconds Run time.
# TYPE tickpath_run_seconds gauge
tickpath_run_seconds 1.5
# HELP tickpath_events_published_total Events put into the ring.
# TYPE tickpath_events_published_total counter
tickpath_events_published_total 78.0
# HELP tickpath_feed_gaps_total Transport sequences that were missed.
# TYPE tickpath_feed_gaps_total counter
tickpath_feed_gaps_total 1.0
# HELP tickpath_feed_repeats_total Duplicates and heartbeats.
# TYPE tickpath_feed_repeats_total counter
tickpath_feed_repeats_total 4.0
# HELP tickpath_feed_reordered_total Events that came late.
# TYPE tickpath_feed_reordered_total counter
tickpath_feed_reordered_total 6.0
# HELP tickpath_sink_shown_total Acks the sink was shown.
# TYPE tickpath_sink_shown_total counter
tickpath_sink_shown_total 9.0
# HELP tickpath_sink_dropped_total Acks it was not shown.
# TYPE tickpath_sink_dropped_total counter
tickpath_sink_dropped_total 8.0
# HELP tickpath_events_processed_total Events read to their end, executed or gated.
# TYPE tickpath_events_processed_total counter
tickpath_events_processed_total{stage="executor"} 70.0
# HELP tickpath_events_executed_total Events executed.
# TYPE tickpath_events_executed_total counter
tickpath_events_executed_total{stage="executor"} 60.0
# HELP tickpath_events_lost_total Events overwritten before they were read.
# TYPE tickpath_events_lost_total counter
tickpath_events_lost_total{stage="executor"} 2.0
# HELP tickpath_events_shed_total Events skipped on purpose.
# TYPE tickpath_events_shed_total counter
tickpath_events_shed_total{stage="executor"} 1.0
# HELP tickpath_events_gated_total Events gated, by state.
# TYPE tickpath_events_gated_total counter
tickpath_events_gated_total{stage="executor",state="INIT"} 2.0
tickpath_events_gated_total{stage="executor",state="WARMUP"} 7.0
tickpath_events_gated_total{stage="executor",state="READY"} 4.0
tickpath_events_gated_total{stage="executor",state="DEGRADED"} 3.0
# HELP tickpath_events_unread Published events a stage has not come to.
# TYPE tickpath_events_unread gauge
tickpath_events_unread{stage="executor"} 5.0
# HELP tickpath_ack_latency_seconds From decision to completion of an event, as far as its ack was seen.
# TYPE tickpath_ack_latency_seconds histogram
tickpath_ack_latency_seconds_bucket{le="5e-08"} 0.0
tickpath_ack_latency_seconds_bucket{le="1e-07"} 1.0
tickpath_ack_latency_seconds_bucket{le="2e-07"} 1.0
tickpath_ack_latency_seconds_bucket{le="5e-07"} 3.0
tickpath_ack_latency_seconds_bucket{le="1e-06"} 3.0
tickpath_ack_latency_seconds_bucket{le="2e-06"} 3.0
tickpath_ack_latency_seconds_bucket{le="5e-06"} 3.0
tickpath_ack_latency_seconds_bucket{le="1e-05"} 4.0
tickpath_ack_latency_seconds_bucket{le="2e-05"} 4.0
tickpath_ack_latency_seconds_bucket{le="5e-05"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.0001"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.0002"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.0005"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.001"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.002"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.005"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.01"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.02"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.05"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.1"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.2"} 4.0
tickpath_ack_latency_seconds_bucket{le="0.5"} 4.0
tickpath_ack_latency_seconds_bucket{le="1.0"} 5.0
tickpath_ack_latency_seconds_bucket{le="+Inf"} 6.0
tickpath_ack_latency_seconds_count 6.0
tickpath_ack_latency_seconds_sum 11.00000766
# HELP tickpath_ack_latency_dropped_total Acks missed by the buckets.
# TYPE tickpath_ack_latency_dropped_total counter
tickpath_ack_latency_dropped_total 3.0
"""
