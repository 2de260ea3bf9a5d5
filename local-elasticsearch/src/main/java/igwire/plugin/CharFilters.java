package igwire.plugin;

import static org.elasticsearch.plugins.AnalysisPlugin.requiresAnalysisSettings;

import java.io.Reader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.charfilter.HTMLStripCharFilter;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingCharFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** Character filters under the names and with the parameters of the distribution's module analysis-common. */
final class CharFilters {
    private static final Pattern RULE = Pattern.compile("(.*?)\\s*=>\\s*(.*)");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))", Pattern.DOTALL);
    private static final Map<String, String> CONTROL = Map.of("n", "\n", "t", "\t", "r", "\r", "b", "\b", "f", "\f");

    private CharFilters() {}

    static Map<String, AnalysisProvider<CharFilterFactory>> table() {
        return Map.of(
            "html_strip", (index, environment, name, settings) -> new HtmlStrip(name, Set.copyOf(settings.getAsList("escaped_tags"))),
            "mapping", requiresAnalysisSettings(
                (index, environment, name, settings) -> new Mapping(name, rules(environment, settings))));
    }

    private record HtmlStrip(String name, Set<String> escapedTags) implements CharFilterFactory {
        @Override
        public Reader create(Reader input) {
            return new HTMLStripCharFilter(input, escapedTags);
        }
    }

    private record Mapping(String name, NormalizeCharMap rules) implements NormalizingCharFilterFactory {
        @Override
        public Reader create(Reader input) {
            return new MappingCharFilter(rules, input);
        }
    }

    private static NormalizeCharMap rules(Environment environment, Settings settings) {
        List<String> lines = Analysis.getWordList(environment, settings, "mappings");
        if (lines == null) {
            throw new IllegalArgumentException("mapping requires either `mappings` or `mappings_path` to be configured");
        }
        NormalizeCharMap.Builder map = new NormalizeCharMap.Builder();
        for (String line : lines) {
            Matcher rule = RULE.matcher(line.strip());
            if (!rule.matches()) {
                throw new IllegalArgumentException("Invalid Mapping Rule : [" + line + "]");
            }
            map.add(unescape(rule.group(1)), unescape(rule.group(2)));
        }
        return map.build();
    }

    private static String unescape(String text) {
        return ESCAPE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(
            found.group(1) != null
                ? String.valueOf((char) Integer.parseInt(found.group(1), 16))
                : CONTROL.getOrDefault(found.group(2), found.group(2))));
    }
}
