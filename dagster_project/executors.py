"""Where the steps of a night work: in the run's own process, or as tasks for Celery workers on other machines."""

from typing import Literal

import dagster as dg

Where = Literal["in_process", "celery"]

BROKER_VARIABLE = "LETTRAGE_CELERY_BROKER"
BACKEND_VARIABLE = "LETTRAGE_CELERY_BACKEND"
# Redis hands a task that was fetched but not begun within this time to another worker as well, so that it would be done
# twice. A task may have to wait for a whole night of another company: twelve hours, in seconds.
_VISIBLE_AGAIN_AFTER = 12 * 3600


def executor_for(where: Where) -> dg.ExecutorDefinition:
    """The executor of a company's nights. Raises ImportError with a sentence when Celery is not installed.

    The broker's address is looked up when a run starts, like every secret: a missing one fails that run alone.
    """
    if where == "in_process":
        return dg.in_process_executor
    try:
        from dagster_celery import celery_executor  # noqa: PLC0415 - an extra that most installations do without
        from dagster_celery.defaults import broker_transport_options  # noqa: PLC0415
    except ImportError as error:
        message = "executor: celery needs the extra `celery`; install it with: pip install 'lettrage[celery]'"
        raise ImportError(message) from error
    return celery_executor.configured(
        {
            "broker": {"env": BROKER_VARIABLE},
            "backend": {"env": BACKEND_VARIABLE},
            "config_source": {
                "broker_transport_options": {**broker_transport_options, "visibility_timeout": _VISIBLE_AGAIN_AFTER}
            },
        },
        name="celery",
    )
