// Seals one field for the platform with nothing but a JDK >= 17: docs/wire.md section 4, step by step.
//
//   java SealedFields.java <platform key, hex> <deployment> <partner> <type> <record id> <revision> <field> <text>
//
// prints the header swtalent-seal and the sealed field, both in hexadecimal.

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.X509EncodedKeySpec;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public final class SealedFields {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final byte[] EMPTY = new byte[0];
    // What X.509 puts before the 32 bytes of an X25519 public key.
    private static final byte[] X25519_PREFIX = HexFormat.of().parseHex("302a300506032b656e032100");
    private static final byte[] KEM_SUITE = join(utf8("KEM"), HexFormat.of().parseHex("0020"));
    private static final byte[] HPKE_SUITE = join(utf8("HPKE"), HexFormat.of().parseHex("002000010002"));

    /** The session: make one, use it for at most 24 hours and 2^20 records, then make another. */
    final byte[] header;

    private final byte[] sessionKey = random(32);
    private final String partner;

    SealedFields(byte[] platformKey, String deployment, String partner) throws Exception {
        this.partner = partner;
        byte[] kid = Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(platformKey), 8);
        byte[] info = join(frame("swtalent/seal/v1"), frame(deployment), frame(partner), frame(kid));
        header = join(new byte[] {1}, kid, wrap(sessionKey, platformKey, info));
    }

    byte[] seal(String type, String recordId, long revision, String field, String text) throws Exception {
        byte[] aad = join(
                frame("swtalent/field/v1"), frame(partner), frame(type), frame(recordId),
                ByteBuffer.allocate(8).putLong(revision).array(), frame(field));
        byte[] nonce = random(12);
        return join(nonce, aesGcm(sessionKey, nonce, utf8(Normalizer.normalize(text, Normalizer.Form.NFC)), aad));
    }

    /** RFC 9180, base mode, first message: the ephemeral public key (32), then the encrypted session key (48). */
    private static byte[] wrap(byte[] plain, byte[] platformKey, byte[] info) throws Exception {
        KeyPair ephemeral = KeyPairGenerator.getInstance("X25519").generateKeyPair();
        byte[] encoded = ephemeral.getPublic().getEncoded();
        byte[] enc = Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
        PublicKey platform = KeyFactory.getInstance("X25519")
                .generatePublic(new X509EncodedKeySpec(join(X25519_PREFIX, platformKey)));
        KeyAgreement agreement = KeyAgreement.getInstance("X25519");
        agreement.init(ephemeral.getPrivate());
        agreement.doPhase(platform, true);

        byte[] prk = extract(KEM_SUITE, EMPTY, "eae_prk", agreement.generateSecret());
        byte[] shared = expand(KEM_SUITE, prk, "shared_secret", join(enc, platformKey), 32);
        byte[] context = join(
                new byte[] {0},
                extract(HPKE_SUITE, EMPTY, "psk_id_hash", EMPTY),
                extract(HPKE_SUITE, EMPTY, "info_hash", info));
        byte[] secret = extract(HPKE_SUITE, shared, "secret", EMPTY);
        byte[] key = expand(HPKE_SUITE, secret, "key", context, 32);
        byte[] nonce = expand(HPKE_SUITE, secret, "base_nonce", context, 12);
        return join(enc, aesGcm(key, nonce, plain, EMPTY));
    }

    private static byte[] extract(byte[] suite, byte[] salt, String label, byte[] input) throws Exception {
        return hmac(salt.length == 0 ? new byte[32] : salt, join(utf8("HPKE-v1"), suite, utf8(label), input));
    }

    /** At most 32 bytes are ever asked for, so one block is enough. */
    private static byte[] expand(byte[] suite, byte[] prk, String label, byte[] info, int length) throws Exception {
        byte[] size = ByteBuffer.allocate(2).putShort((short) length).array();
        byte[] block = hmac(prk, join(size, utf8("HPKE-v1"), suite, utf8(label), info, new byte[] {1}));
        return Arrays.copyOf(block, length);
    }

    private static byte[] hmac(byte[] key, byte[] data) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(data);
    }

    private static byte[] aesGcm(byte[] key, byte[] nonce, byte[] plain, byte[] aad) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
        cipher.updateAAD(aad);
        return cipher.doFinal(plain);
    }

    private static byte[] frame(byte[] bytes) {
        return join(ByteBuffer.allocate(4).putInt(bytes.length).array(), bytes);
    }

    private static byte[] frame(String text) {
        return frame(utf8(text));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] random(int length) {
        byte[] drawn = new byte[length];
        RANDOM.nextBytes(drawn);
        return drawn;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }

    public static void main(String[] given) throws Exception {
        SealedFields session = new SealedFields(HexFormat.of().parseHex(given[0]), given[1], given[2]);
        System.out.println(HexFormat.of().formatHex(session.header));
        System.out.println(
                HexFormat.of().formatHex(session.seal(given[3], given[4], Long.parseLong(given[5]), given[6], given[7])));
    }
}
