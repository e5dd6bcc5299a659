# Checks an assertion of Doorpost. Python 3, with PyJWT and cryptography.
import sys

import jwt

origin = sys.argv[1]  # of the site: https://app.example.com

# Keeps the keys for five minutes, and fetches them again for one that it does not know.
keys = jwt.PyJWKClient(origin + "/_doorpost/keys", lifespan=300)


def check(token):
    """The claims of a good assertion; an exception for any other."""
    if jwt.get_unverified_header(token).get("typ") != "doorpost+jwt":
        raise ValueError("it is a JWT of another kind")
    key = keys.get_signing_key_from_jwt(token).key
    return jwt.decode(
        token,
        key,
        algorithms=["ES256"],
        issuer=origin,
        audience=origin,
        leeway=60,
        options={"require": ["iss", "aud", "sub", "iat", "exp"]},
    )


try:
    claims = check(sys.argv[2])  # the header Doorpost-Assertion
except Exception as reason:
    sys.exit(f"refused: {reason}")
print(claims["sub"], claims.get("email"), ",".join(claims["groups"]))
