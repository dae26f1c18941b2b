"""Calls and answers as the documentation shows them."""

from typing import Final

HEALTH: Final = {
    "provider_id": "openai-agent",
    "status": "healthy",
    "last_check": "2026-11-23T06:00:00.000+00:00",
    "last_success": "2026-11-23T06:00:00.000+00:00",
    "last_failure": None,
    "consecutive_failures": 0,
    "response_time_ms": 412.5,
    "error_message": None,
}
BY_NAME: Final = {"openai-agent": HEALTH}
ASKED: Final = {
    "primary_provider_id": "openai-agent",
    "backup_provider_ids": ["claude-agent", "backup-openai-agent"],
    "health_check_enabled": True,
    "health_check_interval": 60,
    "health_check_timeout": 5,
    "max_consecutive_failures": 3,
    "auto_failover_enabled": True,
}
CONFIG: Final = {"agent_id": "my-agent", **ASKED, "health_check_query": "Hello"}
CONFIGURED: Final = {
    **CONFIG,
    "failback": "auto",
    "max_retries": 1,
    "mid_stream": "error",
    "strategy": "ordered",
    "message": "my-agent: failover is configured",
    "warnings": [],
}
STATS: Final = {
    "agent_id": "my-agent",
    "primary_provider": "openai-agent",
    "backup_providers": ["claude-agent"],
    "active_provider": "openai-agent",
    "provider_chain": ["openai-agent", "claude-agent"],
    "health_check_enabled": True,
    "auto_failover_enabled": True,
    "provider_health": BY_NAME,
    "queries": 1200,
    "failed": 0,
    "failovers": 1,
    "saved_by_failover": 7,
    "in_flight": 3,
    "queries_per_s": 2.4,
    "tokens_per_s": 310.5,
    "error_share": 0.0,
    "next_provider": "claude-agent",
    "active_since": "2026-11-23T05:00:00.000+00:00",
    "active_because": "primary",
    "pinned_to": None,
    "automation_held_by": None,
    "panic": False,
}
RECENT: Final = {
    "window_s": 300.0,
    "queries": 720,
    "failed": 0,
    "input_tokens": 410_000,
    "output_tokens": 93_000,
    "longest_input_tokens": 3_100,
}
PROVIDER: Final = {
    "dialect": "openai",
    "model": "gpt-5-mini",
    "base_url": "https://api.openai.com/v1",
    "api_key_env": "OPENAI_API_KEY",
    "queries_per_min": 600,
}
ANSWERED: Final = {
    "response": "Hello. How can I help?",
    "model": "gpt-5-mini",
    "usage": {"input_tokens": 9, "output_tokens": 7},
    "provider": "claude-agent",
    "attempts": [
        {"provider": "openai-agent", "kind": "server", "reason": "503 server error", "elapsed_ms": 180.2}
    ],
    "finish": "stop",
    "elapsed_ms": 912.4,
}
DONE: Final = {"message": "my-agent is on claude-agent for 30 min", "revision": 412, "warnings": []}
AGENT_DONE: Final = {**DONE, "agent_id": "my-agent", "active_provider": "claude-agent"}
PROVIDER_DONE: Final = {
    **DONE,
    "message": "openai-agent is drained: no new queries, running ones finish",
    "provider_id": "openai-agent",
    "status": "healthy",
    "available": False,
}
WHY: Final = {"by": "dana", "reason": "vendor reports trouble"}
