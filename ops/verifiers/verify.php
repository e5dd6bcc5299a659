<?php
// Checks an assertion of Doorpost. PHP 8, with OpenSSL, without packages.
[, $origin, $assertion] = $argv; // https://app.example.com, and the header Doorpost-Assertion

function bytes(string $text): string
{
    return base64_decode(strtr($text, '-_', '+/'), true) ?: '';
}

// The key with an ID, as OpenSSL reads it. An app keeps the keys for five minutes, with apcu_store for
// instance, and fetches them again for one that it does not know, every ten seconds at most.
function keyFor(string $origin, string $id): string
{
    $set = json_decode(file_get_contents("$origin/_doorpost/keys"), true, 8, JSON_THROW_ON_ERROR);
    foreach ($set['keys'] as $key) {
        if ($key['kid'] === $id && $key['kty'] === 'EC' && $key['crv'] === 'P-256') {
            $point = hex2bin('3059301306072a8648ce3d020106082a8648ce3d03010703420004') . bytes($key['x']) . bytes($key['y']);
            return "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($point), 64, "\n") . "-----END PUBLIC KEY-----\n";
        }
    }
    throw new Exception('its key is not known');
}

// A signature of a JWT as OpenSSL reads it: two numbers in DER.
function inDER(string $signature): string
{
    if (strlen($signature) !== 64) {
        throw new Exception('its signature is wrong');
    }
    $numbers = '';
    foreach (str_split($signature, 32) as $number) {
        $number = ltrim($number, "\0");
        if ($number === '' || ord($number[0]) > 127) {
            $number = "\0" . $number;
        }
        $numbers .= "\x02" . chr(strlen($number)) . $number;
    }
    return "\x30" . chr(strlen($numbers)) . $numbers;
}

// The claims of a good assertion; an exception for any other.
function check(string $origin, string $token): array
{
    $parts = explode('.', $token);
    if (count($parts) !== 3) {
        throw new Exception('it is not a JWT');
    }
    $header = json_decode(bytes($parts[0]), true, 8, JSON_THROW_ON_ERROR);
    if (($header['alg'] ?? '') !== 'ES256' || ($header['typ'] ?? '') !== 'doorpost+jwt') {
        throw new Exception('it is a JWT of another kind');
    }
    $key = keyFor($origin, $header['kid'] ?? '');
    if (openssl_verify("$parts[0].$parts[1]", inDER(bytes($parts[2])), $key, OPENSSL_ALGO_SHA256) !== 1) {
        throw new Exception('its signature is wrong');
    }
    $claims = json_decode(bytes($parts[1]), true, 8, JSON_THROW_ON_ERROR);
    $leeway = 60;
    if (($claims['iss'] ?? '') !== $origin || ($claims['aud'] ?? '') !== $origin) {
        throw new Exception('it is for another site');
    }
    if (($claims['exp'] ?? 0) <= time() - $leeway) {
        throw new Exception('it is too old');
    }
    if (($claims['iat'] ?? PHP_INT_MAX) > time() + $leeway) {
        throw new Exception('it is from the future');
    }
    if (!($claims['sub'] ?? '')) {
        throw new Exception('it does not say whose it is');
    }
    return $claims;
}

try {
    $claims = check($origin, $assertion);
} catch (Throwable $reason) {
    fwrite(STDERR, "refused: {$reason->getMessage()}\n");
    exit(1);
}
echo $claims['sub'], ' ', $claims['email'] ?? '', ' ', implode(',', $claims['groups']), "\n";
