import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * Judges PDF/A files, one per input line "flavour TAB path".
 * Answers each with a line per broken rule "FAIL TAB rule TAB what", then "OK" or "NOT OK".
 */
public final class Vera {
    private static final int FAILURES_SHOWN = 50;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        VeraGreenfieldFoundryProvider.initialise();
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            String[] question = line.split("\t", 2);
            try {
                judge(PDFAFlavour.fromString(question[0]), new File(question[1]), answers);
            } catch (Exception | Error broken) {
                fail(answers, "not-validated", broken.toString());
                answers.println("NOT OK");
            }
        }
    }

    private static void judge(PDFAFlavour flavour, File file, PrintStream answers) throws Exception {
        try (PDFAParser parser = Foundries.defaultInstance().createParser(file, flavour);
                PDFAValidator validator = Foundries.defaultInstance()
                        .createValidator(flavour, FAILURES_SHOWN, false, true, false)) {
            ValidationResult result = validator.validate(parser);
            for (TestAssertion check : result.getTestAssertions()) {
                if (check.getStatus() == TestAssertion.Status.FAILED) {
                    String rule = check.getRuleId().getClause() + "-" + check.getRuleId().getTestNumber();
                    fail(answers, rule, check.getMessage() + " " + check.getErrorMessage() + " at " + check.getLocation());
                }
            }
            answers.println(result.isCompliant() && result.getTotalAssertions() > 0 ? "OK" : "NOT OK");
        }
    }

    private static void fail(PrintStream answers, String rule, String what) {
        answers.println("FAIL\t" + rule + "\t" + what.replaceAll("\\s+", " "));
    }
}
