<?php
// php site.php install < posts.jsonl   |   php site.php permalinks STRUCTURE   |   php site.php list
$_SERVER['HTTP_HOST'] = parse_url(getenv('SITE_URL'), PHP_URL_HOST);
if ($argv[1] === 'install') {
    define('WP_INSTALLING', true);
}
require getcwd() . '/wp-load.php';

function install()
{
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_install('A site', 'editor', 'editor@example.org', true, '', 'unused');
    update_option('timezone_string', 'Asia/Tokyo');
    wp_delete_post(1, true);
    kses_remove_filters();
    while (($line = fgets(STDIN)) !== false) {
        $post = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        $id = wp_insert_post(wp_slash([
            'post_title' => $post['title'], 'post_content' => $post['text'], 'post_name' => $post['slug'], 'post_date' => $post['date'],
            'post_status' => 'publish', 'post_author' => 1,
        ]), true);
        if (is_wp_error($id)) {
            throw new RuntimeException($id->get_error_message());
        }
    }
}

function permalinks($structure)
{
    global $wp_rewrite;
    $wp_rewrite->set_permalink_structure($structure);
    flush_rewrite_rules(false);
}

function listed()
{
    global $wpdb;
    foreach ($wpdb->get_results("SELECT ID, post_date FROM $wpdb->posts WHERE post_type = 'post' AND post_status = 'publish'") as $row) {
        $title = html_entity_decode(get_the_title($row->ID), ENT_QUOTES | ENT_HTML5, 'UTF-8');
        echo json_encode(['url' => get_permalink($row->ID), 'day' => substr($row->post_date, 0, 10), 'title' => $title]), "\n";
    }
}

match ($argv[1]) {
    'install' => install(),
    'permalinks' => permalinks($argv[2]),
    'list' => listed(),
};
