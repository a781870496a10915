"""Django's settings. What an operator may change comes from `config.environment`."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from tocsin.config import database_url, environment

HERE = Path(__file__).resolve().parent.parent
ENVIRONMENT = environment.read()
_public = urlsplit(ENVIRONMENT.public_url)

SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS: list[str] = []
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ["*"]  # the front door answers only for the public host and loopback; see config.door
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.public_url]
PUBLIC_URL = ENVIRONMENT.public_url
SMTP_URL = ENVIRONMENT.smtp_url
MAIL_HOST = ENVIRONMENT.smtp_host
HEARS_MAIL = ENVIRONMENT.smtp_listen is not None
HEARTBEAT_URL = ENVIRONMENT.heartbeat_url
ALLOW_PRIVATE = ENVIRONMENT.allow_private
REGION = ENVIRONMENT.region
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from
DATABASES = {"default": database_url.settings(ENVIRONMENT.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True

INSTALLED_APPS = [
    "tocsin.ui",  # first: its templates stand before allauth's
    "django.forms",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.auth",
    "django.contrib.humanize",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tocsin.health",
    "tocsin.outbox",
    "tocsin.people",
    "tocsin.audit",
    "tocsin.schedules",
    "tocsin.policies",
    "tocsin.services",
    "tocsin.slos",
    "tocsin.rules",
    "tocsin.changes",
    "tocsin.alerts",
    "tocsin.checks",
    "tocsin.mailboxes",
    "tocsin.tuning",
    "tocsin.paging",
    "tocsin.handoffs",
    "tocsin.care",
    "tocsin.home",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tocsin.config.api_middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tocsin.config.errors.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tocsin.home.middleware.FirstRunMiddleware",
    "tocsin.home.middleware.ZoneMiddleware",
    "tocsin.people.middleware.ActorMiddleware",
    "tocsin.config.watching.LiveMarkMiddleware",
    "tocsin.config.errors.ErrorsMiddleware",
]

ROOT_URLCONF = "tocsin.config.urls"
WSGI_APPLICATION = "tocsin.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tocsin.home.context.page",
            ],
            "builtins": ["tocsin.ui.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "tocsin.people.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = bool(
    SMTP_URL
)  # of a new password or second factor; where there is no mail, the audit log
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody makes Tocsin write to strangers
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "60/m/ip", "reauthenticate": "10/m/user"}
MFA_ADAPTER = "tocsin.people.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Tocsin"
MFA_TOTP_TOLERANCE = 1  # steps of 30 s: clocks of phones differ
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _public.scheme == "http"

SESSION_COOKIE_NAME = "tocsin_session"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "tocsin_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "tocsin.config.errors.csrf_failed"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _public.scheme == "https" else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "media-src": [SELF, "data:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = None
